// The inputs beside the pictures: sliders, choices, seeds.
"use strict";

function field(title, input, into = $("controls")) {
  const label = document.createElement("label");
  label.className = "field";
  const name = document.createElement("span");
  name.textContent = title;
  label.append(name, input);
  into.append(label);
  return name;
}

function slider(title, settings, words, into) {
  const input = Object.assign(document.createElement("input"), { type: "range", ...settings });
  input.value = settings.value; // after the range, which would cut it
  const name = field(title, input, into);
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

function select(title, options, chosen, into) {
  const input = document.createElement("select");
  input.append(...options.map(([text, value]) => new Option(text, value, false, value === chosen)));
  field(title, input, into);
  return input;
}

function set(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("input")); // which its words follow
}

function button(text, action) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", action);
  return made;
}

const part = (title, value, into) => {
  const input = slider(title, { min: 0, max: 1, step: 0.01, value }, (number) => number.toFixed(2), into);
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
    const input = part(sentence(control.name), control.default);
    state.readers.push((count) => filled(control, count, Number(input.value)));
  },
  weights(control) {
    const called = (name) => sentence(/^\d+$/.test(name) ? `${control.things} ${Number(name) + 1}` : name);
    const names = control.names.map(called);
    const mix = document.createElement("details");
    mix.append(Object.assign(document.createElement("summary"), { textContent: `Mix ${control.things}s` }));
    addThumbnails(control, names, (chosen) => {
      inputs.forEach((input, index) => set(input, Number(index === chosen)));
      run();
    });
    $("controls").append(mix);
    const inputs = names.map((name, index) => part(name, index ? 0 : 1, mix));
    const values = () => {
      const each = inputs.map((input) => Number(input.value));
      const total = each.reduce((sum, value) => sum + value);
      if (!total) throw new Error(`All ${control.things}s are at 0; move one of them up.`);
      return each.map((value) => value / total);
    };
    for (const input of inputs) input.addEventListener("change", () => markThumbnail(control, inputs.map((each) => Number(each.value))));
    state.readers.push((_, canvases) => {
      const data = Float32Array.from(canvases[control.name] ?? values());
      return { name: control.name, type: control.type, data, dims: [1, control.names.length] };
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
    $("download").after(another);
    state.readers.push((count) => {
      const random = normals(Number(seed.value));
      const data = Float32Array.from({ length: count * control.size }, random);
      return { name: control.name, type: control.type, data, dims: [count, control.size] };
    });
  },
  choice(control) {
    const classes = control.names.length;
    const options = control.names.map((name, index) => [name, index]);
    const input = select(sentence(control.name), [["each in turn", -1], ...options], -1);
    input.addEventListener("change", run);
    state.readers.push((count) => {
      const labels = Array.from({ length: count }, (_, index) => (input.value < 0 ? index % classes : Number(input.value)));
      if (!control.one_hot) return { name: control.name, type: control.type, data: Int32Array.from(labels), dims: [count] };
      const data = new Float32Array(count * classes);
      labels.forEach((label, index) => (data[index * classes + label] = 1));
      return { name: control.name, type: control.type, data, dims: [count, classes] };
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
