// The pictures that go in, and the hole that is drawn over one.
"use strict";

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
    const isPicture = !blob.type || blob.type.startsWith("image/");
    const why = blob.size ? (isPicture ? "is damaged, too large, or of a kind that this browser cannot read" : "is not a picture") : "is empty";
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
  if (control.main && state.mask) fitMask(pixels, slot);
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
  const { main } = control;
  const title = main ? "Before" : sentence(control.name);
  const canvas = panel.querySelector("canvas");
  const slot = { control, panel, canvas, title, note: panel.querySelector(".note"), bitmap: null, stem: "" };
  state.slots[control.name] = slot;
  if (main) state.main = slot;
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
  const { panel, canvas: picture } = state.main;
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
    if (!state.main.bitmap || event.button) return;
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
  } else if (slot.stem === stemOf(state.page.samples[slot.control.name])) {
    for (let step = 0; step < 24; step++) {
      const wave = (share) => [0.3 + 0.4 * share, 0.5 + 0.12 * Math.sin(7 * share)];
      stroke(wave(step / 24), wave((step + 1) / 24));
    }
  }
  state.mask.bitmap = slot.bitmap;
  moveCursor();
}
