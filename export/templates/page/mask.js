// The hole: strokes over the picture, in shares of its size, so that another size has the same hole.
"use strict";

function addMask(control) {
  const canvas = document.createElement("canvas");
  canvas.className = "mask";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Hole: draw with the pointer, or move the brush with the arrow keys and mark with the space bar; Control and Z undoes");
  const cursor = document.createElement("div");
  cursor.className = "cursor";
  $("output").after(canvas, cursor);
  const brush = slider("Brush", { min: 1, max: 30, step: 1, value: 8 }, (value) => `${value} %`);
  brush.addEventListener("input", () => moveCursor());
  const undo = button("Undo", () => {
    state.mask.strokes.pop();
    redrawn();
  });
  const clear = button("Clear the hole", () => {
    Object.assign(state.mask, { strokes: [], base: null });
    redrawn();
  });
  const row = Object.assign(document.createElement("div"), { className: "buttons" });
  row.append(undo, clear);
  $("controls").append(row);
  state.mask = { control, canvas, cursor, brush, undo, clear, at: [0.5, 0.5], strokes: [], base: null };
  state.readers.push((_, canvases) => maskInput(control, canvases[control.name] ?? canvas));
  $("viewer").classList.add("paints");
  listenForStrokes(canvas);
}

function maskInput(control, canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const data = Float32Array.from({ length: width * height }, (_, index) => (pixels[4 * index + 3] > 127 ? 1 : 0));
  return { name: control.name, type: control.type, mask: true, data, dims: [1, height, width, 1] };
}

function listenForStrokes(canvas) {
  let drawing = null;
  const shares = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!state.main.bitmap || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    drawing = begin(shares(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = shares(event);
    moveCursor(at);
    if (!drawing) return;
    drawing.points.push(at);
    paint(canvas, { ...drawing, points: drawing.points.slice(-2) });
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, () => {
      if (drawing) finished();
      drawing = null;
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    const undone = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (!step && event.key !== " " && !undone) return;
    event.preventDefault();
    if (undone) return state.mask.undo.click();
    if (!step) {
      begin(state.mask.at);
      return finished();
    }
    const size = event.shiftKey ? 0.1 : 0.02;
    moveCursor(state.mask.at.map((value, axis) => Math.min(1, Math.max(0, value + size * step[axis]))));
  });
}

function begin(at) {
  const stroke = { points: [at], width: Number(state.mask.brush.value) / 100 };
  state.mask.strokes.push(stroke);
  $("viewer").classList.add("painting");
  paint(state.mask.canvas, stroke);
  return stroke;
}

function finished() {
  offerUndo();
  run();
}

function redrawn() {
  drawMask(state.mask.canvas);
  finished();
}

function offerUndo() {
  const { strokes, base, undo, clear } = state.mask;
  undo.disabled = !strokes.length;
  clear.disabled = !strokes.length && !base;
}

function paint(canvas, { points, width }) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.strokeStyle = getComputedStyle(state.mask.canvas).color;
  context.lineWidth = Math.max(1, width * Math.min(canvas.width, canvas.height));
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(points[0][0] * canvas.width, points[0][1] * canvas.height);
  for (const [x, y] of points) context.lineTo(x * canvas.width + 0.01, y * canvas.height);
  context.stroke();
}

function moveCursor(at = state.mask.at) {
  const { canvas, cursor, brush } = state.mask;
  state.mask.at = at;
  cursor.style.left = `${100 * at[0]}%`;
  cursor.style.top = `${100 * at[1]}%`;
  cursor.style.width = `${(Number(brush.value) * Math.min(canvas.width, canvas.height)) / canvas.width}%`;
}

function drawMask(canvas) {
  const { base, strokes } = state.mask;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (base) context.drawImage(base, 0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) paint(canvas, stroke);
}

// A new picture: no hole but what is transparent; in the sample, scratches to begin with. A new size: the same hole.
function fitMask(pixels, slot) {
  const { mask } = state;
  const { width, height } = slot.canvas;
  resize(mask.canvas, width, height);
  if (mask.bitmap !== slot.bitmap) {
    Object.assign(mask, { bitmap: slot.bitmap, strokes: [], base: slot.transparent ? transparentParts(pixels, width, height) : null });
    if (slot.stem === stemOf(state.page.samples[slot.control.name] ?? "")) mask.strokes = scratches();
  }
  drawMask(mask.canvas);
  offerUndo();
  moveCursor();
}

function transparentParts(pixels, width, height) {
  const base = new OffscreenCanvas(width, height);
  const context = base.getContext("2d");
  context.fillStyle = getComputedStyle(state.mask.canvas).color;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (pixels[4 * (y * width + x) + 3] < 128) context.fillRect(x, y, 1, 1);
  }
  return base;
}

// Three thin waves from edge to edge.
function scratches() {
  const wave = (height, bend) => Array.from({ length: 33 }, (_, step) => [step / 32, height + 0.05 * Math.sin(bend + step / 5)]);
  return [0.2, 0.5, 0.8].map((height, index) => ({ points: wave(height, 2 * index), width: 0.025 }));
}
