// Named things to choose from, such as styles, each with what it makes of the picture that is there.
"use strict";

const THUMBNAIL = 96; // pixels of the longest side
const PATIENCE = 5; // seconds that all of them may be expected to take

function addThumbnails(control, names, choose) {
  if (state.thumbnails) return; // the first input of its kind has them
  const group = document.createElement("fieldset");
  group.className = "thumbnails";
  group.append(Object.assign(document.createElement("legend"), { textContent: sentence(control.things) }));
  const buttons = names.map((name, index) => {
    const made = button("", () => {
      markThumbnail(control, names.map((_, other) => Number(other === index)));
      choose(index);
    });
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 0;
    made.append(canvas, Object.assign(document.createElement("span"), { textContent: name }));
    group.append(made);
    return made;
  });
  $("controls").append(group);
  state.thumbnails = { control, buttons, made: 0, seconds: 0 };
  markThumbnail(control, names.map((_, index) => Number(index === 0)));
}

// Pressed is the one that stands alone.
function markThumbnail(control, values) {
  if (state.thumbnails.control !== control) return;
  const used = values.filter(Boolean).length;
  state.thumbnails.buttons.forEach((each, index) => each.setAttribute("aria-pressed", used === 1 && values[index] > 0));
}

function forgetThumbnails() {
  if (state.thumbnails) state.thumbnails.made = 0;
}

// Draws those that are missing, while nothing else is to be computed; not where that would keep the device busy.
async function sketch({ seconds, dims }) {
  const { thumbnails, main } = state;
  if (!thumbnails || !main || main.control.width) return;
  const pictures = Object.values(state.slots).map((slot) => [slot.control.name, small(slot)]);
  const [, first] = pictures[0];
  const expected = (seconds * first.width * first.height * thumbnails.buttons.length) / (dims[1] * dims[2]);
  if (expected > PATIENCE) return;
  while (thumbnails.made < thumbnails.buttons.length && !state.busy && !state.again && state.ready) {
    const index = thumbnails.made;
    const weights = thumbnails.buttons.map((_, other) => Number(other === index));
    working(true, false);
    const answer = await engine.compute(gathered({ ...Object.fromEntries(pictures), [thumbnails.control.name]: weights })).catch(() => null);
    working(false);
    if (answer && thumbnails.made === index) {
      const [, height, width, channels] = answer.dims;
      const canvas = thumbnails.buttons[index].querySelector("canvas");
      [canvas.width, canvas.height] = [width, height];
      canvas.getContext("2d").putImageData(imageOf(answer.data, [height, width, channels], null), 0, 0);
      thumbnails.made++;
    }
    if (state.again) return run();
    if (!answer) return;
  }
}

function small(slot) {
  const canvas = document.createElement("canvas");
  draw(slot, canvas, fitted(slot, THUMBNAIL));
  return canvas;
}
