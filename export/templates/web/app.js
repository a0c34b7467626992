// A page around one ONNX file. What it shows is decided by model.json, which `zoo export` writes from the model's signature.
"use strict";

const $ = (id) => document.getElementById(id);
const SIDES = [256, 384, 512, 768, 1024, 1536, 2048];
const COUNTS = [1, 4, 9, 16, 36];
const MAX_SIDE = 8192; // what browsers agree to draw on

const state = {
  page: null, // model.json
  slots: {}, // picture inputs, by name: { control, canvas, note, bitmap, stem }
  mask: null, // { control, canvas, cursor }
  file: null, // the ONNX file in use
  loaded: {}, // files by address: promises of blobs
  side: 512,
  worker: null,
  ready: false,
  busy: false,
  again: false, // something changed while it could not be computed
  inputs: [], // what the network was given last
  readers: [], // one a control without a picture: (count) => its input
  stem: "",
};

// ---- words

function fail(text) {
  $("error").textContent = text;
  $("error").hidden = !text;
  if (text) status("");
}

function status(text) {
  $("status").textContent = text;
}

const times = (width, height) => `${width} × ${height}`;
const megabytes = (bytes) => `${(bytes / 1e6).toPrecision(bytes < 1e6 ? 1 : 2)} MB`;
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");

// ---- the worker

async function start(andRun = true) {
  state.worker?.terminate();
  state.ready = state.again = false;
  working(false);
  const worker = new Worker("worker.js");
  state.worker = worker;
  worker.onmessage = ({ data }) => answers[data.kind](data, andRun);
  worker.onerror = (event) => {
    event.preventDefault();
    fail("The model's worker could not be started; reload the page, or try another browser.");
  };
  if (andRun) status(`Loading the model, ${megabytes(state.file.bytes)}`);
  try {
    const [model, ...runtime] = await Promise.all([state.file, ...state.page.runtime.files].map(checked));
    if (worker === state.worker) worker.postMessage({ kind: "start", model, runtime });
  } catch (error) {
    fail(error.message);
  }
}

// The browser itself holds every file to its hash.
function checked(file) {
  state.loaded[file.url] ??= load(file);
  state.loaded[file.url].catch(() => delete state.loaded[file.url]); // to be tried again
  return state.loaded[file.url];
}

async function load({ url, integrity }) {
  const response = await fetch(url, { integrity }).catch(() => null);
  if (!response?.ok) throw new Error(whyNotLoaded(url));
  return new Blob([await response.arrayBuffer()], { type: url.endsWith("js") ? "text/javascript" : "application/octet-stream" });
}

const answers = {
  start(_, andRun) {
    state.ready = true;
    if (andRun || state.again) run();
  },
  run({ answer }) {
    working(false);
    show(answer);
    if (state.again) run();
  },
  failed({ during, reason }) {
    working(false);
    console.info(reason); // for whoever looks closer; the line on the page is for everybody
    fail(during === "start" ? `The model could not be started: ${words(reason)}` : whyNoResult(reason));
    if (during === "run") start(false); // after a failed allocation the runtime's memory is not to be trusted
  },
};

function whyNotLoaded(url) {
  if (url === state.file.url) return `The model file ${url} could not be loaded, or is not the one that was exported.`;
  const { host } = new URL(url, location);
  const runtime = `onnxruntime-web ${state.page.runtime.version} could not be loaded from ${host}`;
  return `${runtime}: no network, or not the pinned file. zoo export --offline puts it beside the page.`;
}

function whyNoResult(reason) {
  if (/alloc|memory|too large|out of bounds|array length/i.test(reason)) {
    return "There is not enough memory for this; choose a smaller longest side or fewer pictures.";
  }
  return `The model could not run: ${words(reason)}`;
}

// The end of the runtime's line, after its file names and codes.
const words = (reason) => reason.trim().split("\n")[0].split(" : ").at(-1).slice(0, 200);

function working(busy) {
  state.busy = busy;
  $("bar").hidden = $("stop").hidden = !busy;
  $("after").setAttribute("aria-busy", busy);
}

// ---- running

function run() {
  if (Object.values(state.slots).some((slot) => !slot.bitmap)) return;
  if (state.busy || !state.ready) {
    state.again = true;
    return;
  }
  state.again = false;
  fail("");
  const count = state.count ? Number(state.count.value) : 1;
  try {
    state.inputs = [...Object.values(state.slots).map(pictureInput), ...state.readers.map((read) => read(count))];
  } catch (error) {
    return fail(error instanceof RangeError ? whyNoResult("memory") : error.message);
  }
  working(true);
  status("Working");
  state.worker.postMessage({ kind: "run", inputs: state.inputs });
}

function show({ data, dims, seconds }) {
  const [count, height, width, channels] = dims;
  const columns = Math.ceil(Math.sqrt(count));
  const gap = count > 1 ? Math.max(1, Math.round(width / 24)) : 0;
  const canvas = $("output");
  resize(canvas, columns * (width + gap) - gap, Math.ceil(count / columns) * (height + gap) - gap);
  const context = canvas.getContext("2d");
  const alpha = transparency(width, height);
  const size = height * width;
  for (let index = 0; index < count; index++) {
    const picture = new ImageData(width, height);
    for (let pixel = 0; pixel < size; pixel++) {
      const from = (index * size + pixel) * channels;
      for (let channel = 0; channel < 3; channel++) {
        picture.data[4 * pixel + channel] = 255 * data[from + (channels === 1 ? 0 : channel)]; // rounds, and cuts to 0 and 255
      }
      picture.data[4 * pixel + 3] = alpha ? alpha[4 * pixel + 3] : 255;
    }
    context.putImageData(picture, (index % columns) * (width + gap), Math.floor(index / columns) * (height + gap));
  }
  const what = count > 1 ? `${count} pictures of ${times(width, height)}` : times(width, height);
  canvas.setAttribute("aria-label", `Result: ${what} pixels`);
  $("time").textContent = `${what}, ${seconds < 10 ? seconds.toPrecision(2) : Math.round(seconds)} s`;
  $("download").disabled = false;
  status(`Done in ${seconds.toPrecision(2)} seconds`);
}

// The transparency of the picture that went in, at the size that came out; where there is a mask it was the hole.
function transparency(width, height) {
  const slot = state.main;
  if (!slot?.transparent || state.mask) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(slot.canvas, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// ---- the download

async function download() {
  const blob = await new Promise((done) => $("output").toBlob(done, "image/png"));
  if (!blob) return fail(whyNoResult("memory"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(withText(new Uint8Array(await blob.arrayBuffer()), state.page.provenance));
  link.download = [state.main?.stem, state.page.model].filter(Boolean).join("-") + ".png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// ---- the page

function addSettings() {
  const { files } = state.page;
  if (state.main && !state.main.control.width) {
    const sides = [...SIDES.map((side) => [`${side} pixels`, side]), ["as it is", MAX_SIDE]];
    const input = select("Longest side", sides, state.side);
    input.addEventListener("change", () => {
      state.side = Number(input.value);
      for (const slot of Object.values(state.slots)) if (slot.bitmap) place(slot);
      run();
    });
  }
  if (files.length > 1) {
    const names = { float32: "exact", dynamic_int8: "small" };
    const options = files.map((file, index) => [`${names[file.precision] ?? file.precision}, ${megabytes(file.bytes)}`, index]);
    const input = select("Model file", options, 0);
    input.addEventListener("change", () => {
      state.file = files[Number(input.value)];
      start();
    });
  }
}

function describe() {
  const { model, about, runtime } = state.page;
  document.title = sentence(model);
  $("title").textContent = sentence(model);
  $("eyebrow").textContent = about.task ? sentence(about.task) : "Picture model";
  const made = "A downloaded picture says in its metadata that this model made it.";
  const paper = about.paper ? `After ${about.paper}. ` : "";
  const weight = about.weight ? `${about.weight}. ` : "";
  $("footer").textContent = `${weight}${paper}Run by onnxruntime-web ${runtime.version}. ${made}`;
}

async function main() {
  const response = await fetch("model.json").catch(() => null);
  if (!response?.ok) {
    return fail("model.json could not be loaded: open this page through a web server, such as python -m http.server in its folder.");
  }
  state.page = await response.json();
  state.file = state.page.files[0];
  describe();
  for (const control of state.page.controls) adders[control.kind](control);
  addSettings();
  document.body.classList.toggle("generator", !state.main);
  $("after-title").textContent = state.main ? "After" : "Result";
  $("download").addEventListener("click", download);
  $("stop").addEventListener("click", () => {
    start(false);
    status("Stopped");
  });
  for (const kind of ["dragover", "dragenter"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.add("dragging");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => dropped(event, state.main));
  start();
  for (const slot of Object.values(state.slots)) useSample(slot);
}

main();
