// The model runs in this tab: on the GPU (WebGPU) where there is one, else on the processor (WebAssembly).
"use strict";

const STOPPED = "stopped";
const BY = { gpu: "on the GPU", processor: "on the processor" };
// The smallest module that has a vector in it, which a browser without SIMD refuses.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

const engine = {
  lead: "It runs in this tab, on this device. No picture leaves it.",
  worker: null,
  file: null, // the ONNX file in use
  wanted: "automatic",
  device: "", // "gpu" or "processor", once it is known
  loaded: {}, // files by address: promises of blobs
  waiting: null, // what compute() promised: { resolve, reject }

  footer: () => `Run by onnxruntime-web ${state.page.runtime.version}.`,

  addSettings(settings) {
    const { files } = state.page;
    this.file = files[0];
    if (files.length > 1) {
      const names = { float32: "exact", dynamic_int8: "small" };
      const options = files.map((file, index) => [`${names[file.precision] ?? file.precision}, ${megabytes(file.bytes)}`, index]);
      const input = select("Model file", options, 0, settings);
      input.addEventListener("change", () => {
        this.file = files[Number(input.value)];
        this.restart();
      });
    }
    if (!navigator.gpu) return;
    const devices = [["the faster one", "automatic"], ["the GPU", "gpu"], ["the processor", "processor"]];
    const input = select("Computed on", devices, this.wanted, settings);
    input.addEventListener("change", () => {
      this.wanted = input.value;
      this.restart();
    });
  },

  restart() {
    state.again = true;
    this.start();
  },

  // Loads what is needed and runs what waits. After a failure of the GPU the processor takes over.
  async start(device = null) {
    this.worker?.terminate();
    this.waiting?.reject(new Error(STOPPED));
    state.ready = false;
    fail("engine", "");
    if (typeof WebAssembly !== "object" || !WebAssembly.validate(new Uint8Array(SIMD))) {
      return fail("engine", "This browser has no WebAssembly with SIMD, which the model runs by; a browser of 2023 or later has.");
    }
    const worker = new Worker("worker.js");
    this.worker = worker;
    worker.onmessage = ({ data }) => worker === this.worker && this.answered(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail("engine", "The model's worker could not be started; reload the page, or try another browser.");
    };
    status(`Loading the model, ${megabytes(this.file.bytes)}`);
    try {
      this.device = device ?? (await chosenDevice(this.wanted));
      const [model, ...runtime] = await Promise.all([this.file, ...state.page.runtime.files[runtimeFor(this.device)]].map(checked));
      if (worker === this.worker) worker.postMessage({ kind: "start", model, runtime, device: this.device });
    } catch (error) {
      if (worker === this.worker) fail("engine", error.message);
    }
  },

  stop() {
    this.start(this.device);
  },

  compute(inputs) {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker.postMessage({ kind: "run", inputs: inputs.map(({ name, type, data, dims }) => ({ name, type, data, dims })) });
    });
  },

  answered({ kind, answer, during, reason }) {
    const { resolve, reject } = this.waiting ?? {};
    if (kind === "start") {
      state.ready = true;
      if (state.again) run();
    } else if (kind === "run") {
      this.waiting = null;
      resolve({ ...answer, by: BY[this.device] });
    } else if (this.device === "gpu") {
      console.info(reason);
      this.start("processor");
      state.again = true;
      status("The GPU failed; the processor takes over");
    } else if (during === "start") {
      fail("engine", `The model could not be started: ${words(reason)}`);
    } else {
      this.waiting = null;
      reject(new Error(reason));
      this.start(this.device); // after a failed allocation the runtime's memory is not to be trusted
    }
  },
};

// A GPU that is software is slower than the processor itself, so that it runs only where it is asked for.
async function chosenDevice(wanted) {
  if (wanted === "processor") return "processor";
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  const software = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter;
  return adapter && (!software || wanted === "gpu") ? "gpu" : "processor";
}

// WebGPU answers later, which WebAssembly can wait for by itself (JSPI), or by code that was rewritten for it.
function runtimeFor(device) {
  if (device === "processor") return "wasm";
  return "Suspending" in WebAssembly ? "jspi" : "asyncify";
}

// The browser itself holds every file to its hash.
function checked(file) {
  engine.loaded[file.url] ??= load(file);
  engine.loaded[file.url].catch(() => delete engine.loaded[file.url]); // to be tried again
  return engine.loaded[file.url];
}

async function load({ url, integrity }) {
  const response = await fetch(url, { integrity }).catch(() => null);
  if (!response?.ok) throw new Error(whyNotLoaded(url));
  return new Blob([await response.arrayBuffer()], { type: url.endsWith("js") ? "text/javascript" : "application/octet-stream" });
}

function whyNotLoaded(url) {
  if (url === engine.file.url) return `The model file ${url} could not be loaded, or is not the one that was exported.`;
  const { host } = new URL(url, location);
  const runtime = `onnxruntime-web ${state.page.runtime.version} could not be loaded from ${host}`;
  return `${runtime}: no network, or not the pinned file. zoo export --offline puts it beside the page.`;
}
