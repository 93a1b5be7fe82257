// Greedy ids of GGUF models by llama.cpp, for tests that compare ours with them: prints a JSON object,
// a line a model.
//
//   npm install node-llama-cpp@3.22.1
//   node make_llama_cpp_ids.mjs $(ls gguf/*/*.gguf | grep -v -e blocks -e split) > gguf/llama_cpp_ids.json
//
// The prompt is the first ids of oracles/prompt_ids.json, or with `--bos N` the id 1 alone and then N ids.
// Keys and values of the cache are float32, as the weights are.
import {readFileSync} from "node:fs";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {getLlama} from "node-llama-cpp";

const N_PREFIX = 40, N_GREEDY = 64;
const here = path.dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const bos = args[0] === "--bos" ? Number(args.splice(0, 2)[1]) : 0;
const prompt = bos > 0 ? [1]
    : JSON.parse(readFileSync(path.join(here, "oracles/prompt_ids.json"))).slice(0, N_PREFIX);
const count = bos > 0 ? bos : N_GREEDY;

const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
const lines = [];
for (const file of args) {
    const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
    const context = await model.createContext({
        contextSize: 256, batchSize: 64, threads: 1, flashAttention: false,
        experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
    });
    const ids = [];
    // The end of a text does not end these.
    for await (const id of context.getSequence().evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
        ids.push(id);
        if (ids.length === count) break;
    }
    lines.push(`  ${JSON.stringify(path.basename(file, ".gguf"))}: ${JSON.stringify(ids)}`);
    await context.dispose();
    await model.dispose();
}
const release = llama.llamaCppRelease;
console.log(`{\n  "made by": ${JSON.stringify(`${release.repo} ${release.release}`)},\n${lines.join(",\n")}\n}`);
process.exit(0);
