// A PNG that says how it was made. `zoo serve` has it in its page, too.
"use strict";

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
