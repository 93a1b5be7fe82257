// Opens an HTML report in Chromium and takes pictures of the whole page: light and dark, 1280 and 390 pixels wide, and on
// paper. Fails where the page asks the network for anything, logs an error, is wider than the window, or has a plot
// without a size. How it looks is for people to judge; README.md says how to run this.
import { chromium } from 'playwright-core';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, ...reports] = process.argv.slice(2);
if (!reports.length) {
  console.error('usage: node take_pictures.mjs FOLDER REPORT.html...');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium' });
let complaints = 0;
const complain = (text) => {
  console.error(text);
  ++complaints;
};

for (const report of reports) {
  const address = pathToFileURL(resolve(report)).href;
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
      page.on('request', (request) => {
        if (request.url() !== address) complain(`${report} asks for ${request.url()}`);
      });
      page.on('console', (message) => complain(`${report}: ${message.text()}`));
      page.on('pageerror', (error) => complain(`${report}: ${error}`));
      await page.goto(address);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) complain(`${report} is ${wide} pixels wide in a window of ${width}`);
      const flat = await page.$$eval('figure > svg', (plots) =>
        plots.filter((plot) => !(plot.getBoundingClientRect().height > 50)).length);
      if (flat) complain(`${report}: ${flat} plots have no size at ${width}`);
      const name = `${basename(report, '.html')}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(folder, name), fullPage: true });
      if (colorScheme === 'light' && width === 1280)
        await page.pdf({ path: join(folder, `${basename(report, '.html')}.pdf`), format: 'A4' });
      await page.close();
    }
  }
}
await browser.close();
process.exit(complaints ? 1 : 0);
