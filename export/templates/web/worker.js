// Runs the network beside the page, so that the page stays alive while it computes.
"use strict";

let session;

// The model, and of the runtime: its script, the loader of its WebAssembly, and that. All are blobs.
async function start({ model, runtime: [script, loader, binary], device }) {
  importScripts(URL.createObjectURL(script));
  ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(loader) };
  ort.env.wasm.wasmBinary = await binary.arrayBuffer();
  ort.env.logLevel = "error";
  const options = { executionProviders: [device === "gpu" ? "webgpu" : "wasm"], logSeverityLevel: 3 };
  session = await ort.InferenceSession.create(await model.arrayBuffer(), options);
}

async function run({ inputs }) {
  const tensors = Object.fromEntries(inputs.map(({ name, type, data, dims }) => [name, new ort.Tensor(type, data, dims)]));
  const began = performance.now();
  const [output] = Object.values(await session.run(tensors));
  return { data: output.data, dims: output.dims, seconds: (performance.now() - began) / 1000 };
}

onmessage = async ({ data }) => {
  try {
    const answer = data.kind === "start" ? await start(data) : await run(data);
    postMessage({ kind: data.kind, answer });
  } catch (error) {
    postMessage({ kind: "failed", during: data.kind, reason: error instanceof Error ? error.message : String(error) });
  }
};
