// What came out: shown over what went in, downloaded, copied, shared.
"use strict";

function setAspect(width, height) {
  $("frame").style.setProperty("--aspect", width / height);
}

function show({ data, dims, seconds, by }) {
  const [count, height, width, channels] = dims;
  const columns = Math.ceil(Math.sqrt(count));
  const gap = count > 1 ? Math.max(1, Math.round(width / 24)) : 0;
  const canvas = $("output");
  resize(canvas, columns * (width + gap) - gap, Math.ceil(count / columns) * (height + gap) - gap);
  const context = canvas.getContext("2d");
  for (let index = 0; index < count; index++) {
    const picture = imageOf(data.subarray(index * height * width * channels), [height, width, channels]);
    context.putImageData(picture, (index % columns) * (width + gap), Math.floor(index / columns) * (height + gap));
  }
  const what = count > 1 ? `${count} pictures of ${times(width, height)}` : times(width, height);
  shown(what, seconds, by);
}

// float32 in [0, 1] or bytes, of 1, 3 or 4 channels, to pixels.
function imageOf(data, [height, width, channels], alpha = transparency(width, height)) {
  const picture = new ImageData(width, height);
  const scale = data instanceof Float32Array ? 255 : 1;
  for (let pixel = 0; pixel < height * width; pixel++) {
    const from = pixel * channels;
    for (let channel = 0; channel < 3; channel++) {
      picture.data[4 * pixel + channel] = scale * data[from + (channels === 1 ? 0 : channel)]; // rounds, and cuts to 0 and 255
    }
    picture.data[4 * pixel + 3] = alpha ? alpha[4 * pixel + 3] : 255;
  }
  return picture;
}

// The transparency of the picture that went in, at the size that came out; where there is a mask it was the hole.
function transparency(width, height, from = state.main?.canvas) {
  if (!state.main?.transparent || state.mask) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(from, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function shown(what, seconds, by) {
  const { width, height } = $("output");
  $("output").setAttribute("aria-label", `Result: ${what} pixels`);
  const before = state.main?.canvas;
  const known = before?.width === width && before.height === height;
  $("time").textContent = [known ? "" : `${what} in`, inSeconds(seconds), by].filter(Boolean).join(" ");
  setAspect(width, height);
  const alike = before && Math.abs((before.width / before.height) * (height / width) - 1) < 0.03;
  for (const id of ["compare", "divider", "tag-before", "tag-after"]) $(id).hidden = !alike;
  $("viewer").classList.toggle("alone", !alike);
  $("viewer").classList.add("filled", "done");
  $("viewer").classList.remove("painting");
  for (const id of ["download", "copy", "share"]) $(id).disabled = false;
  status(`Done in ${seconds.toPrecision(2)} seconds`);
}

function split() {
  const share = Number($("compare").value);
  $("frame").style.setProperty("--split", `${share}%`);
  $("compare").ariaValueText = `${share} percent before, ${100 - share} percent after`;
}

// ---- what is done with it

const nameOf = () => [state.main?.stem, state.page.model].filter(Boolean).join("-") + ".png";

async function png() {
  const blob = await new Promise((done) => $("output").toBlob(done, "image/png"));
  if (!blob) {
    fail("run", whyNoResult("memory"));
    return null;
  }
  return withText(new Uint8Array(await blob.arrayBuffer()), state.page.provenance);
}

async function download() {
  const blob = await png();
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = nameOf();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function copy() {
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png() })]);
    status("Copied");
  } catch {
    fail("run", "This browser did not let the page copy; download the picture instead.");
  }
}

async function share() {
  const blob = await png();
  if (!blob) return;
  try {
    await navigator.share({ files: [new File([blob], nameOf(), { type: "image/png" })] });
  } catch (error) {
    if (error.name !== "AbortError") fail("run", "This device did not let the page share; download the picture instead.");
  }
}

function addResultButtons() {
  const something = new File([new Uint8Array(1)], "x.png", { type: "image/png" });
  $("copy").hidden = !(navigator.clipboard?.write && window.ClipboardItem);
  $("share").hidden = !navigator.canShare?.({ files: [something] });
  $("download").addEventListener("click", download);
  $("copy").addEventListener("click", copy);
  $("share").addEventListener("click", share);
  $("full").addEventListener("click", fullSize);
  $("stop").addEventListener("click", () => {
    engine.stop();
    status("Stopped");
  });
  $("compare").addEventListener("input", split);
  split();
}
