// The model runs on the server that this page came from, which is asked as every other client asks it.
"use strict";

const STOPPED = "stopped";

const engine = {
  lead: "A preview: the pictures go to this server, and nowhere else.",
  asking: null, // AbortController of the request that is under way

  footer() {
    const { path, versions, weight } = state.page.served;
    const which = `${weight ? `${weight}, ` : ""}version ${versions.join(", ")}`;
    return `${which}. For production use TensorFlow Serving. REST: POST ${path}.`;
  },

  addSettings() {},

  start() {
    state.ready = true;
  },

  stop() {
    this.asking?.abort();
  },

  async compute(inputs) {
    this.asking = new AbortController();
    const body = JSON.stringify(request(inputs));
    const began = performance.now();
    let response, answer;
    try {
      const headers = { "Content-Type": "application/json" };
      response = await fetch(state.page.served.path, { method: "POST", headers, body, signal: this.asking.signal });
      answer = await response.json();
    } catch (error) {
      throw error.name === "AbortError" ? new Error(STOPPED) : said("The server does not answer; is it still running?");
    }
    if (!response.ok) throw said(answer.error);
    const outputs = Array.isArray(answer.outputs) ? answer.outputs : Object.values(answer.outputs)[0];
    const seconds = (performance.now() - began) / 1000;
    return { ...(outputs[0].b64 ? await decoded(outputs[0].b64) : flat(outputs)), seconds, by: "on the server" };
  },
};

const said = (text) => Object.assign(new Error(text), { said: true });

// Pictures go as files where the model takes them so.
function request(inputs) {
  const files = state.page.served.files;
  const sent = Object.fromEntries(
    inputs.map((input) => (files && input.dims.length === 4 ? [`${input.name}_bytes`, [{ b64: encoded(input) }]] : [input.name, rows(input.data, input.dims)])),
  );
  return files ? { signature_name: "serve_bytes", inputs: sent } : { inputs: sent };
}

// A PNG of the canvas, or of the hole, white.
function encoded({ canvas, data, dims }) {
  let source = canvas;
  if (!source) {
    const [, height, width] = dims;
    source = Object.assign(document.createElement("canvas"), { width, height });
    source.getContext("2d").putImageData(imageOf(data, [height, width, 1], null), 0, 0);
  }
  return source.toDataURL("image/png").split(",")[1];
}

function rows(data, dims) {
  if (dims.length === 1) return Array.from(data);
  const size = data.length / dims[0];
  return Array.from({ length: dims[0] }, (_, index) => rows(data.subarray(index * size, (index + 1) * size), dims.slice(1)));
}

async function decoded(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { data: context.getImageData(0, 0, width, height).data, dims: [1, height, width, 4] };
}

function flat(pictures) {
  const [height, width, channels] = [pictures[0].length, pictures[0][0].length, pictures[0][0][0].length];
  return { data: Float32Array.from(pictures.flat(3)), dims: [pictures.length, height, width, channels] };
}
