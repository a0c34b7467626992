// The download: a PNG that says how it was made.
"use strict";

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
