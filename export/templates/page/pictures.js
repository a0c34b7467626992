// The pictures that go in: chosen, photographed, dropped, pasted or remembered.
"use strict";

function resize(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  canvas.classList.toggle("coarse", Math.max(width, height) < 160);
}

// Returns whether it could be read.
async function take(slot, blob, stem) {
  try {
    slot.bitmap = await createImageBitmap(blob); // turned as its EXIF says
  } catch {
    const isPicture = !blob.type || blob.type.startsWith("image/");
    const why = blob.size ? (isPicture ? "is damaged, too large, or of a kind that this browser cannot read" : "is not a picture") : "is empty";
    fail("picture", `${stem} ${why}.`);
    return false;
  }
  slot.stem = stem;
  fail("picture", "");
  forgetThumbnails();
  place(slot);
  run();
  return true;
}

// Of a picture: the window of it that is worked on, and the size that this gets.
function fitted({ bitmap, control }, side) {
  let { width, height } = bitmap;
  let [left, top, right, bottom] = [0, 0, width, height];
  if (control.width && control.height) {
    const scale = Math.min(width / control.width, height / control.height);
    [left, top] = [(width - control.width * scale) / 2, (height - control.height * scale) / 2];
    [right, bottom] = [width - left, height - top];
    [width, height] = [control.width, control.height];
  } else {
    const most = state.page.maxPixels ?? Infinity;
    const share = Math.min(1, side / Math.max(width, height), Math.sqrt(most / (width * height)));
    const whole = most < Infinity ? Math.floor : Math.round;
    [width, height] = [Math.max(1, whole(width * share)), Math.max(1, whole(height * share))];
  }
  return { window: [left, top, right - left, bottom - top], width, height };
}

function draw(slot, canvas, { window, width, height }) {
  resize(canvas, width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(slot.bitmap, ...window, 0, 0, width, height);
  return context;
}

// Draws the picture at the size to work at, and says so where that is not its own.
function place(slot) {
  const { bitmap, canvas, control } = slot;
  const fit = fitted(slot, state.side);
  const pixels = draw(slot, canvas, fit).getImageData(0, 0, fit.width, fit.height).data;
  const own = times(bitmap.width, bitmap.height);
  const now = times(fit.width, fit.height);
  slot.note.textContent = own === now ? own : `${own}, ${control.width ? "cut to" : "worked on at"} ${now}`;
  canvas.setAttribute("aria-label", `${slot.title}: ${slot.stem}, ${now} pixels`);
  slot.area.classList.add("filled");
  slot.transparent = pixels.some((value, index) => index % 4 === 3 && value < 255);
  if (!control.main) return;
  setAspect(fit.width, fit.height);
  if (state.mask) fitMask(pixels, slot);
  offerFullSize();
}

function pictureInput(control, canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const data = new Float32Array(width * height * control.channels);
  for (let pixel = 0, to = 0; pixel < pixels.length; pixel += 4) {
    const [red, green, blue] = [pixels[pixel] / 255, pixels[pixel + 1] / 255, pixels[pixel + 2] / 255];
    if (control.channels === 1) data[to++] = 0.299 * red + 0.587 * green + 0.114 * blue;
    else [data[to++], data[to++], data[to++]] = [red, green, blue];
  }
  return { name: control.name, type: control.type, canvas, data, dims: [1, height, width, control.channels] };
}

function addPicture(control) {
  const { main } = control;
  const title = main ? "Before" : sentence(control.name);
  const sources = $("sources-of-a-picture").content.cloneNode(true);
  const [label, camera, sample] = sources.children;
  label.querySelector("span").textContent = main ? "Choose a picture" : `Choose a ${control.name}`;
  camera.querySelector("input").setAttribute("aria-label", `Camera for ${title.toLowerCase()}`);
  sample.setAttribute("aria-label", `Use the sample for ${title.toLowerCase()}`);
  let [area, canvas, note, buttons] = [$("viewer"), $("before"), $("note"), $("sources")];
  if (!main) {
    area = $("slot").content.firstElementChild.cloneNode(true);
    area.querySelector("legend").textContent = title;
    [canvas, note, buttons] = [area.querySelector("canvas"), area.querySelector(".note"), area.querySelector(".buttons")];
    $("controls").append(area);
    area.addEventListener("drop", (event) => dropped(event, slot));
  }
  canvas.setAttribute("aria-label", `${title}: nothing yet`);
  const slot = { control, area, canvas, title, note, bitmap: null, stem: "" };
  state.slots[control.name] = slot;
  if (main) state.main = slot;
  for (const input of [label, camera].map((part) => part.querySelector("input"))) {
    input.addEventListener("change", () => {
      if (input.files[0]) chosen(slot, input.files[0]);
      input.value = "";
    });
  }
  sample.hidden = !state.page.samples[control.name];
  sample.addEventListener("click", () => {
    forget(slot);
    useSample(slot);
  });
  buttons.append(sources);
  buttons.hidden = false;
}

const stemOf = (name) => name.replace(/\.[^.]*$/, "") || name;

async function chosen(slot, file) {
  if (await take(slot, file, stemOf(file.name))) remember(slot, file);
}

// The one of the last visit, or the sample.
async function firstPicture(slot) {
  const last = await remembered(slot);
  if (last && (await take(slot, last.blob, last.stem))) return;
  if (state.page.samples[slot.control.name]) await useSample(slot);
  else status("Choose a picture, drop one, or paste one");
}

async function useSample(slot) {
  const url = state.page.samples[slot.control.name];
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) return fail("picture", `The sample ${url} could not be loaded.`);
  await take(slot, await response.blob(), stemOf(url));
}

function dropped(event, slot) {
  event.preventDefault();
  event.stopPropagation();
  document.body.classList.remove("dragging");
  const file = event.dataTransfer.files[0];
  if (file && slot) chosen(slot, file);
}

// Anywhere on the page, for the picture that is changed.
function listenForPictures() {
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
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
    if (file) chosen(state.main, file);
  });
}
