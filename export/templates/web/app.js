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
  const slot = state.slots.image;
  if (!slot?.transparent || state.mask) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(slot.canvas, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// ---- pictures

function resize(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  canvas.parentElement.style.setProperty("--aspect", width / height);
  canvas.classList.toggle("coarse", Math.max(width, height) < 160);
}

async function take(slot, blob, stem) {
  try {
    slot.bitmap = await createImageBitmap(blob);
  } catch {
    const known = !blob.type || blob.type.startsWith("image/");
    const why = blob.size ? (known ? "is damaged, too large, or of a kind that this browser cannot read" : "is not a picture") : "is empty";
    return fail(`${stem} ${why}.`);
  }
  slot.stem = stem;
  fail("");
  place(slot);
  run();
}

// Draws the picture at the size to work at, and says so where that is not its own.
function place(slot) {
  const { bitmap, canvas, control } = slot;
  let { width, height } = bitmap;
  let [left, top, right, bottom] = [0, 0, width, height];
  if (control.width && control.height) {
    const scale = Math.min(width / control.width, height / control.height);
    [left, top] = [(width - control.width * scale) / 2, (height - control.height * scale) / 2];
    [right, bottom] = [width - left, height - top];
    [width, height] = [control.width, control.height];
  } else {
    const share = Math.min(1, state.side / Math.max(width, height));
    [width, height] = [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
  }
  resize(canvas, width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, left, top, right - left, bottom - top, 0, 0, width, height);
  const own = times(bitmap.width, bitmap.height);
  const now = times(width, height);
  slot.note.textContent = own === now ? own : `${own}, ${control.width ? "cut to" : "worked on at"} ${now}`;
  canvas.setAttribute("aria-label", `${slot.title}: ${slot.stem}, ${now} pixels`);
  slot.panel.classList.add("filled");
  const pixels = context.getImageData(0, 0, width, height).data;
  slot.transparent = pixels.some((value, index) => index % 4 === 3 && value < 255);
  if (control.name === "image" && state.mask) fitMask(pixels, slot);
}

function pictureInput({ control, canvas }) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const data = new Float32Array(width * height * control.channels);
  for (let pixel = 0, to = 0; pixel < pixels.length; pixel += 4) {
    const [red, green, blue] = [pixels[pixel] / 255, pixels[pixel + 1] / 255, pixels[pixel + 2] / 255];
    if (control.channels === 1) data[to++] = 0.299 * red + 0.587 * green + 0.114 * blue;
    else [data[to++], data[to++], data[to++]] = [red, green, blue];
  }
  return { name: control.name, type: control.type, data, dims: [1, height, width, control.channels] };
}

function addPicture(control) {
  const panel = $("picture").content.firstElementChild.cloneNode(true);
  const main = control.name === "image";
  const title = main ? "Before" : sentence(control.name);
  const canvas = panel.querySelector("canvas");
  const slot = { control, panel, canvas, title, note: panel.querySelector(".note"), bitmap: null, stem: "" };
  state.slots[control.name] = slot;
  panel.querySelector("h2").textContent = title;
  canvas.setAttribute("aria-label", `${title}: nothing yet`);
  panel.querySelector("label span").textContent = main ? "Choose a picture" : `Choose a ${control.name}`;
  panel.querySelector("input").addEventListener("change", ({ target }) => {
    if (target.files[0]) take(slot, target.files[0], stemOf(target.files[0].name));
    target.value = "";
  });
  const sample = panel.querySelector(".sample");
  sample.setAttribute("aria-label", `Use the sample for ${title.toLowerCase()}`);
  sample.addEventListener("click", () => useSample(slot));
  panel.addEventListener("drop", (event) => dropped(event, slot));
  $("after").before(panel);
}

const stemOf = (name) => name.replace(/\.[^.]*$/, "") || name;

async function useSample(slot) {
  const url = state.page.samples[slot.control.name];
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) return fail(`The sample ${url} could not be loaded.`);
  await take(slot, await response.blob(), stemOf(url));
}

function dropped(event, slot) {
  event.preventDefault();
  event.stopPropagation();
  document.body.classList.remove("dragging");
  const file = event.dataTransfer.files[0];
  if (file && slot) take(slot, file, stemOf(file.name));
}

// ---- the mask: drawn on a canvas that lies over the picture

function addMask(control) {
  const { panel, canvas: picture } = state.slots.image;
  const canvas = document.createElement("canvas");
  canvas.className = "mask";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Hole: draw with the pointer, or move the brush with the arrow keys and mark with the space bar");
  const cursor = document.createElement("div");
  cursor.className = "cursor";
  picture.parentElement.append(canvas, cursor);
  const brush = slider("Brush", { min: 1, max: 30, step: 1, value: 8 }, (value) => `${value} %`);
  brush.addEventListener("input", () => moveCursor());
  const clear = button("Clear the hole", () => {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    run();
  });
  panel.querySelector(".buttons").append(clear);
  state.mask = { control, canvas, cursor, brush, at: [0.5, 0.5] };
  state.readers.push(() => {
    const { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const data = Float32Array.from({ length: width * height }, (_, index) => (pixels[4 * index + 3] > 127 ? 1 : 0));
    return { name: control.name, type: control.type, data, dims: [1, height, width, 1] };
  });

  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!state.slots.image.bitmap || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    moveCursor(now);
    if (!last) return;
    stroke(last, now);
    last = now;
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, () => {
      if (last) run();
      last = null;
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    if (!step) {
      stroke(state.mask.at, state.mask.at);
      return run();
    }
    const size = event.shiftKey ? 0.1 : 0.02;
    moveCursor(state.mask.at.map((value, axis) => Math.min(1, Math.max(0, value + size * step[axis]))));
  });
}

const brushWidth = () => (Number(state.mask.brush.value) / 100) * Math.min(state.mask.canvas.width, state.mask.canvas.height);

function stroke(from, to) {
  const { canvas } = state.mask;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = Math.max(1, brushWidth());
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(from[0] * canvas.width, from[1] * canvas.height);
  context.lineTo(to[0] * canvas.width + 0.01, to[1] * canvas.height);
  context.stroke();
}

function moveCursor(at = state.mask.at) {
  const { canvas, cursor } = state.mask;
  state.mask.at = at;
  cursor.style.left = `${100 * at[0]}%`;
  cursor.style.top = `${100 * at[1]}%`;
  cursor.style.width = `${(100 * brushWidth()) / canvas.width}%`;
}

// A new picture: no hole but what is transparent; in the sample, a stroke to begin with. A new size: the same hole.
function fitMask(pixels, slot) {
  const { canvas } = state.mask;
  const { width, height } = slot.canvas;
  const before = state.mask.bitmap === slot.bitmap ? canvas.cloneNode() : null;
  before?.getContext("2d").drawImage(canvas, 0, 0);
  canvas.width = width;
  canvas.height = height;
  canvas.classList.toggle("coarse", Math.max(width, height) < 160);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (before) context.drawImage(before, 0, 0, width, height);
  else if (slot.transparent) {
    context.fillStyle = getComputedStyle(canvas).color;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) if (pixels[4 * (y * width + x) + 3] < 128) context.fillRect(x, y, 1, 1);
    }
  } else if (slot.stem === stemOf(state.page.samples.image)) {
    for (let step = 0; step < 24; step++) {
      const wave = (share) => [0.3 + 0.4 * share, 0.5 + 0.12 * Math.sin(7 * share)];
      stroke(wave(step / 24), wave((step + 1) / 24));
    }
  }
  state.mask.bitmap = slot.bitmap;
  moveCursor();
}

// ---- the other inputs

function field(title, input) {
  const label = document.createElement("label");
  label.className = "field";
  const name = document.createElement("span");
  name.textContent = title;
  label.append(name, input);
  $("controls").append(label);
  return name;
}

function slider(title, settings, words) {
  const input = Object.assign(document.createElement("input"), { type: "range", ...settings });
  input.value = settings.value; // after the range, which would cut it
  const name = field(title, input);
  const value = document.createElement("span");
  value.className = "value";
  value.ariaHidden = "true";
  name.after(value);
  const say = () => {
    value.textContent = input.ariaValueText = words(Number(input.value));
    input.style.setProperty("--share", (input.value - input.min) / (input.max - input.min));
  };
  input.addEventListener("input", say);
  say();
  return input;
}

function select(title, options, chosen) {
  const input = document.createElement("select");
  input.append(...options.map(([text, value]) => new Option(text, value, false, value === chosen)));
  field(title, input);
  return input;
}

function button(text, action) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", action);
  return made;
}

const share = (title, value) => {
  const input = slider(title, { min: 0, max: 1, step: 0.01, value }, (number) => number.toFixed(2));
  input.addEventListener("change", run);
  return input;
};

const filled = (control, count, value) => ({
  name: control.name,
  type: control.type,
  data: new Float32Array(count).fill(value),
  dims: [count],
});

const adders = {
  picture: addPicture,
  mask: addMask,
  share(control) {
    const input = share(sentence(control.name), 1);
    state.readers.push((count) => filled(control, count, Number(input.value)));
  },
  weights(control) {
    const inputs = Array.from({ length: control.count }, (_, index) => share(`Style ${index + 1}`, index ? 0 : 1));
    state.readers.push(() => {
      const values = inputs.map((input) => Number(input.value));
      const total = values.reduce((sum, value) => sum + value);
      if (!total) throw new Error("All styles are at 0; move one of them up.");
      return { name: control.name, type: control.type, data: Float32Array.from(values, (value) => value / total), dims: [1, control.count] };
    });
  },
  latent(control) {
    const seed = Object.assign(document.createElement("input"), { type: "number", min: 0, max: 4294967295, step: 1, value: 1 });
    seed.addEventListener("change", run);
    field("Seed of the latent", seed);
    const side = Math.max(...state.page.size);
    state.count = select("Pictures", COUNTS.map((count) => [String(count), count]), side > 128 ? 1 : side > 64 ? 4 : 16);
    state.count.addEventListener("change", run);
    const another = button("New latent", () => {
      seed.value = Math.floor(Math.random() * 1e6);
      run();
    });
    $("download").before(another);
    state.readers.push((count) => {
      const random = normals(Number(seed.value));
      const data = Float32Array.from({ length: count * control.size }, random);
      return { name: control.name, type: control.type, data, dims: [count, control.size] };
    });
  },
  label(control) {
    const classes = Array.from({ length: control.classes }, (_, index) => [String(index), index]);
    const input = select("Label", [["each in turn", -1], ...classes], -1);
    input.addEventListener("change", run);
    state.readers.push((count) => {
      const labels = Array.from({ length: count }, (_, index) => (input.value < 0 ? index % control.classes : Number(input.value)));
      if (!control.one_hot) return { name: control.name, type: control.type, data: Int32Array.from(labels), dims: [count] };
      const data = new Float32Array(count * control.classes);
      labels.forEach((label, index) => (data[index * control.classes + label] = 1));
      return { name: control.name, type: control.type, data, dims: [count, control.classes] };
    });
  },
};

// Standard normal numbers (Box and Muller) from a seeded generator (mulberry32).
function normals(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), seed | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

// ---- the download: a PNG that says how it was made

async function download() {
  const blob = await new Promise((done) => $("output").toBlob(done, "image/png"));
  if (!blob) return fail(whyNoResult("memory"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(withText(new Uint8Array(await blob.arrayBuffer()), state.page.provenance));
  link.download = [state.slots.image?.stem, state.page.model].filter(Boolean).join("-") + ".png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// Text goes in after the header, which takes the first 33 bytes.
function withText(png, text) {
  const encoder = new TextEncoder();
  const chunks = Object.entries(text).map(([key, value]) => {
    const content = encoder.encode(`iTXt${key}\0\0\0\0\0${value}`);
    const chunk = new Uint8Array(content.length + 8);
    const view = new DataView(chunk.buffer);
    view.setUint32(0, content.length - 4);
    chunk.set(content, 4);
    view.setUint32(content.length + 4, crc32(content));
    return chunk;
  });
  return new Blob([png.subarray(0, 33), ...chunks, png.subarray(33)], { type: "image/png" });
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// ---- the page

function addSettings() {
  const { files } = state.page;
  if (state.slots.image && !state.slots.image.control.width) {
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
  $("footer").textContent = `${paper}Run by onnxruntime-web ${runtime.version}. ${made}`;
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
  document.body.classList.toggle("generator", !state.slots.image);
  $("after-title").textContent = state.slots.image ? "After" : "Result";
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
  document.addEventListener("drop", (event) => dropped(event, state.slots.image));
  start();
  for (const slot of Object.values(state.slots)) useSample(slot);
}

main();
