// A page around one picture model. What it shows is decided by model.json; what computes is behind `engine` (engine.js).
"use strict";

const $ = (id) => document.getElementById(id);
const SIDES = [256, 384, 512, 768, 1024, 1536, 2048];
const COUNTS = [1, 4, 9, 16, 36];
const MAX_SIDE = 8192; // what browsers agree to draw on

const state = {
  page: null, // model.json
  slots: {}, // picture inputs, by name: { control, canvas, note, bitmap, stem }
  main: null, // the slot of the picture that is changed
  mask: null, // { control, canvas, cursor, strokes }
  side: 512,
  ready: false, // the engine
  busy: false,
  again: false, // something changed while it could not be computed
  inputs: [], // what the network was given last
  readers: [], // one a control without a picture: (count) => its input
  thumbnails: null, // { control, choose, buttons, ... } of the first input that mixes named things
};

// ---- words: one line at a time is shown, what keeps the page from working first

const problems = { engine: "", picture: "", run: "" };

function fail(kind, text) {
  problems[kind] = text;
  const line = Object.values(problems).find(Boolean) ?? "";
  $("error").textContent = line;
  $("error").hidden = !line;
  if (text) status("");
}

function status(text) {
  $("status").textContent = text;
}

const times = (width, height) => `${width} × ${height}`;
const megabytes = (bytes) => `${(bytes / 1e6).toPrecision(bytes < 1e6 ? 1 : 2)} MB`;
const inSeconds = (seconds) => `${seconds < 10 ? seconds.toPrecision(2) : Math.round(seconds)} s`;
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");

function whyNoResult(reason) {
  if (/alloc|memory|too large|out of bounds|array length/i.test(reason)) {
    return "There is not enough memory for this; choose a smaller longest side or fewer pictures.";
  }
  return `The model could not run: ${words(reason)}`;
}

// The end of a runtime's line, after its file names and codes.
const words = (reason) => reason.trim().split("\n")[0].split(" : ").at(-1).slice(0, 200);

// ---- running

function working(busy, shown = true) {
  state.busy = busy;
  $("bar").hidden = $("stop").hidden = !(busy && shown);
  $("viewer").setAttribute("aria-busy", busy && shown);
}

// The engine's answer, or null where it was stopped or failed, which the page then says.
async function computed(inputs) {
  try {
    return await engine.compute(inputs);
  } catch (error) {
    if (error.message === STOPPED) return null;
    console.info(error.message); // for whoever looks closer; the line on the page is for everybody
    fail("run", error.said ? error.message : whyNoResult(error.message));
    return null;
  }
}

async function run() {
  if (Object.values(state.slots).some((slot) => !slot.bitmap)) return;
  if (state.busy || !state.ready) {
    state.again = true;
    return;
  }
  state.again = false;
  fail("run", "");
  try {
    state.inputs = gathered();
  } catch (error) {
    return fail("run", error instanceof RangeError ? whyNoResult("memory") : error.message);
  }
  working(true);
  status("Working");
  const answer = await computed(state.inputs);
  working(false);
  if (answer) show(answer);
  if (state.again) return run();
  if (answer) sketch(answer);
}

// The inputs as the controls say; `canvases` by name replace what is worked on.
function gathered(canvases = {}) {
  const count = state.count ? Number(state.count.value) : 1;
  const pictures = Object.values(state.slots).map((slot) => pictureInput(slot.control, canvases[slot.control.name] ?? slot.canvas));
  return [...pictures, ...state.readers.map((read) => read(count, canvases))];
}

// ---- the page

// What is set once: closed where it would push away what is set often.
function addSettings() {
  const settings = document.createElement("details");
  settings.append(Object.assign(document.createElement("summary"), { textContent: "Settings" }));
  settings.open = matchMedia("(min-width: 60rem)").matches;
  if (state.main && !state.main.control.width) {
    const sides = [...SIDES.map((side) => [`${side} pixels`, side]), ["as it is", MAX_SIDE]];
    const input = select("Longest side", sides, state.side, settings);
    input.addEventListener("change", () => {
      state.side = Number(input.value);
      for (const slot of Object.values(state.slots)) if (slot.bitmap) place(slot);
      run();
    });
  }
  engine.addSettings(settings);
  if (settings.children.length > 1) $("controls").append(settings);
}

function describe() {
  const { model, about } = state.page;
  document.title = $("title").textContent = sentence(about.task ?? model);
  $("eyebrow").textContent = about.task ? (about.weight ?? model) : "Picture model";
  $("lead").textContent = engine.lead;
  const made = "A downloaded picture says in its metadata that this model made it.";
  const paper = about.paper ? `After ${about.paper}.` : "";
  const kept = state.page.controls.some((control) => control.kind === "picture") ? "The last picture stays in this browser, until Sample is pressed." : "";
  $("footer").textContent = [paper, engine.footer(), made, kept].filter(Boolean).join(" ");
}

async function main() {
  const response = await fetch("model.json").catch(() => null);
  if (!response?.ok) {
    const how = "open this page through a web server, such as python -m http.server in its folder.";
    return fail("engine", `model.json could not be loaded: ${how}`);
  }
  state.page = await response.json();
  state.side = state.page.side;
  describe();
  if (state.page.unsupported) return fail("engine", state.page.unsupported);
  for (const control of state.page.controls) adders[control.kind](control);
  addSettings();
  document.body.classList.toggle("generator", !state.main);
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  addResultButtons();
  if (state.main) listenForPictures();
  engine.start();
  await Promise.all(Object.values(state.slots).map(firstPicture));
  if (!state.main) run();
}

main();
