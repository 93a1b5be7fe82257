// One run of a GGUF model by llama.cpp on the CPU, after a short warm-up, as one line of JSON like
// bench/generate_bench.cc's. To be set against it by bench/against.cc.
//
//   npm install node-llama-cpp@3.22.1
//   node llama_cpp.mjs MODEL.gguf PROMPT_TOKENS TOKENS [THREADS]
import {getLlama} from "node-llama-cpp";

const [file, promptTokens, tokens, threads = "2"] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({
    contextSize: Number(promptTokens) + Number(tokens) + 16, batchSize: 512, threads: Number(threads),
});
const sequence = context.getSequence();
const prompt = Array.from({length: Number(promptTokens)}, (_, i) => 1000 + (97 * i + 11) % 20000);

async function run(ids, count) {
    await sequence.clearHistory();
    const begin = performance.now();
    let first = 0, n = 0;
    for await (const _ of sequence.evaluate(ids, {temperature: 0, yieldEogToken: true})) {
        ++n;
        if (n === 1) first = performance.now();
        if (n === count) break;
    }
    const end = performance.now();
    return {prefill_tok_s: 1e3 * ids.length / (first - begin), decode_tok_s: 1e3 * (n - 1) / (end - first)};
}

await run(prompt.slice(0, 40), 4);
console.log(JSON.stringify(await run(prompt, Number(tokens))));
process.exit(0);
