// The result at the picture's own size: by overlapping tiles where a pixel looks at its surroundings alone, else all at once.
"use strict";

const TILE = 512; // pixels that a tile adds to the result, before what the model makes larger
const GRID = 64; // pixels between the places where tiles start: strides and windows of networks divide it
const PROBES = [128, 256, 512]; // sides of the pictures on which it is measured how far a pixel looks
const NO_CHANGE = 2e-3; // of the result: less than half of what 8 bits can show

function offerFullSize() {
  const { control, bitmap, canvas } = state.main;
  $("full").hidden = Boolean(control.width) || (bitmap.width <= canvas.width && bitmap.height <= canvas.height);
}

async function fullSize() {
  if (state.busy || !state.ready) return;
  working(true);
  const began = performance.now();
  try {
    state.halo ??= await measuredHalo();
    if (!state.main.bitmap) return;
    const canvas = document.createElement("canvas");
    draw(state.main, canvas, { ...fitted(state.main, Infinity), ...wholeSize(state.main.bitmap) });
    const canvases = { [state.main.control.name]: canvas };
    if (state.mask) {
      const mask = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
      drawMask(mask);
      canvases[state.mask.control.name] = mask;
    }
    if (state.halo.pixels === null) await atOnce(canvases);
    else await byTiles(canvases, state.halo);
    shown(`${times($("output").width, $("output").height)}, full size`, (performance.now() - began) / 1000, "");
  } catch (error) {
    if (error.message !== STOPPED) fail("run", error.said ? error.message : whyNoResult(error.message));
  } finally {
    working(false);
    if (state.again) run();
  }
}

// What a browser can draw; larger pictures are made smaller.
function wholeSize({ width, height }) {
  const share = Math.min(1, MAX_SIDE / Math.max(width, height));
  return { width: Math.round(width * share), height: Math.round(height * share) };
}

async function atOnce(canvases) {
  const { width, height } = canvases[state.main.control.name];
  if (width * height > (state.page.maxPixels ?? Infinity)) {
    throw Object.assign(new Error("This model looks at the whole picture at once, and this server takes no picture of that size."), { said: true });
  }
  status(`This model looks at the whole picture at once: ${times(width, height)} in one piece`);
  const { data, dims } = await engine.compute(gathered(canvases));
  const [, high, wide, channels] = dims;
  resize($("output"), wide, high);
  const alpha = transparency(wide, high, canvases[state.main.control.name]);
  $("output").getContext("2d").putImageData(imageOf(data, [high, wide, channels], alpha), 0, 0);
}

async function byTiles(canvases, { pixels: halo, scale }) {
  const whole = canvases[state.main.control.name];
  const most = Math.sqrt(state.page.maxPixels ?? Infinity) - 2 * halo;
  const step = Math.max(GRID, Math.floor(Math.min(TILE, most) / GRID) * GRID);
  const [wide, high] = [Math.round(whole.width * scale), Math.round(whole.height * scale)];
  if (Math.max(wide, high) > 2 * MAX_SIDE) {
    const text = `The result would be ${times(wide, high)}, which is more than a browser can hold; choose a longest side.`;
    throw Object.assign(new Error(text), { said: true });
  }
  const result = Object.assign(document.createElement("canvas"), { width: wide, height: high });
  const context = result.getContext("2d");
  const tiles = [];
  for (let top = 0; top < whole.height; top += step) for (let left = 0; left < whole.width; left += step) tiles.push([top, left]);
  for (const [index, [top, left]] of tiles.entries()) {
    status(`Tile ${index + 1} of ${tiles.length}`);
    const [rows, columns] = [around(top, step, halo, whole.height), around(left, step, halo, whole.width)];
    const cut = ([name, canvas]) => [name, piece(canvas, rows, columns)];
    const { data, dims } = await engine.compute(gathered(Object.fromEntries(Object.entries(canvases).map(cut))));
    const [, height, width, channels] = dims;
    const made = imageOf(data, [height, width, channels], null);
    const inside = [left - columns[0], top - rows[0], Math.min(step, whole.width - left), Math.min(step, whole.height - top)];
    const [x, y, w, h] = inside.map((value) => Math.round(value * scale));
    const [atX, atY] = [Math.round(left * scale), Math.round(top * scale)];
    context.putImageData(made, atX - x, atY - y, x, y, w, h);
  }
  if (state.main.transparent && !state.mask) {
    context.globalCompositeOperation = "destination-in";
    context.drawImage(whole, 0, 0, wide, high);
  }
  resize($("output"), wide, high);
  $("output").getContext("2d").drawImage(result, 0, 0);
}

// The pixels to read for a tile: as many for every tile, which runtimes are quicker with.
function around(first, step, halo, limit) {
  const size = step + 2 * halo;
  const last = Math.floor(Math.max(limit - size, 0) / GRID) * GRID;
  const start = Math.min(Math.max(first - halo, 0), last);
  return [start, start === last ? limit : start + size];
}

function piece(canvas, [top, bottom], [left, right]) {
  const part = Object.assign(document.createElement("canvas"), { width: right - left, height: bottom - top });
  part.getContext("2d", { willReadFrequently: true }).drawImage(canvas, -left, -top);
  return part;
}

// How far around a pixel its result looks, a multiple of the grid, and how much larger the result is; null pixels: everywhere.
// Random pictures of which one quarter is the same give results of which all of it but a margin is.
async function measuredHalo() {
  status("Measuring how far a pixel of the result looks");
  let scale = 1;
  for (const side of PROBES) {
    const half = side / 2;
    const [one, other] = [blots(side, 1), blots(side, 2)];
    const first = await probed(one);
    scale = first.width / side;
    let farthest = 0;
    for (const upper of [true, false]) {
      const mixed = await probed(merged(one, other, half, upper));
      farthest = Math.max(farthest, depth(first, mixed, half * scale, upper) / scale);
    }
    if (farthest < (half * 3) / 4) return { pixels: Math.ceil(farthest / GRID) * GRID, scale };
  }
  return { pixels: null, scale };
}

async function probed(canvas) {
  const canvases = { [state.main.control.name]: canvas };
  if (state.mask) canvases[state.mask.control.name] = opaqueWhereBright(canvas);
  const { data, dims } = await engine.compute(gathered(canvases));
  const [, height, width, channels] = dims;
  return { data, height, width, channels, scale: data instanceof Float32Array ? 1 : 255 };
}

// Wide blots and fine noise, seeded.
function blots(side, seed) {
  const random = normals(seed);
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const picture = context.createImageData(side, side);
  const block = side / 8;
  const wide = Float32Array.from({ length: 64 * 3 }, () => (random() > 0 ? 191 : 0));
  for (let pixel = 0; pixel < side * side; pixel++) {
    const at = Math.floor(Math.floor(pixel / side) / block) * 8 + Math.floor((pixel % side) / block);
    for (let channel = 0; channel < 3; channel++) picture.data[4 * pixel + channel] = wide[3 * at + channel] + 32 + 16 * random();
    picture.data[4 * pixel + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

function merged(one, other, half, upper) {
  const canvas = piece(other, [0, other.height], [0, other.width]);
  const at = upper ? 0 : half;
  canvas.getContext("2d").drawImage(one, at, at, half, half, at, at, half, half);
  return canvas;
}

function opaqueWhereBright(canvas) {
  const mask = piece(canvas, [0, canvas.height], [0, canvas.width]);
  const context = mask.getContext("2d");
  const picture = context.getImageData(0, 0, mask.width, mask.height);
  for (let at = 0; at < picture.data.length; at += 4) picture.data[at + 3] = picture.data[at] > 127 ? 255 : 0;
  context.putImageData(picture, 0, 0);
  return mask;
}

// How far into the quarter that is the same anything changed, in pixels of the result.
function depth(first, mixed, half, upper) {
  let deepest = 0;
  for (let y = 0; y < first.height; y++) {
    for (let x = 0; x < first.width; x++) {
      const into = upper ? half - Math.max(x, y) : Math.min(x, y) - half + 1;
      if (into <= deepest) continue;
      for (let channel = 0; channel < Math.min(3, first.channels); channel++) {
        const at = (y * first.width + x) * first.channels + channel;
        if (Math.abs(first.data[at] - mixed.data[at]) > NO_CHANGE * first.scale) deepest = into;
      }
    }
  }
  return deepest;
}
