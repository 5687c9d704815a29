// The viewer of one study: unpacks the slices, draws them through a window, lays a heat-map over them.
"use strict";

const FLOOR = -1024, CEILING = 3071; // HU of a scan

const data = JSON.parse(document.getElementById("data").textContent);
const [nSlices, rows, columns] = data.shape;
const state = { slice: 0, label: "any", centre: data.windows[0].centre, width: data.windows[0].width, heat: false, strength: 0.6 };
const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
let volume = null; // Int16Array, slices x rows x columns
const heat = {}; // label -> Uint8Array, slices x its own rows x columns

function bytesOf(id) {
  const text = atob(document.getElementById(id).textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function unpackVolume() {
  const stream = new Blob([bytesOf("volume")]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const n = nSlices * rows * columns;
  const values = new Int16Array(n);
  for (let i = 0; i < n; i += columns) {
    let value = 0;
    for (let k = i; k < i + columns; k++) {
      value = (value + planes[k] + (planes[n + k] << 8)) & 0xffff;
      values[k] = value; // wraps to signed
    }
  }
  return values;
}

// Grey by HU through the window (DICOM PS3.3 C.11.2.1.3.2, LINEAR_EXACT).
function greys(centre, width) {
  const table = new Uint8ClampedArray(CEILING - FLOOR + 1);
  const low = centre - width / 2;
  for (let i = 0; i < table.length; i++) table[i] = (255 * (i + FLOOR - low)) / width;
  return table;
}

function drawSlice(canvas, slice) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  const table = greys(state.centre, state.width);
  const start = slice * rows * columns;
  for (let i = 0, k = 0; i < rows * columns; i++, k += 4) {
    const grey = table[volume[start + i] - FLOOR];
    picture.data[k] = picture.data[k + 1] = picture.data[k + 2] = grey;
    picture.data[k + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

// The map lies over the slice padded to a square, as the nets saw it.
function drawHeat(canvas, slice, strength) {
  canvas.width = columns;
  canvas.height = rows;
  const levels = heat[state.label];
  if (!state.heat || !levels) return;
  const [h, w] = data.heat[state.label];
  const small = document.createElement("canvas");
  small.width = w;
  small.height = h;
  const context = small.getContext("2d");
  const picture = context.createImageData(w, h);
  for (let i = 0, k = 0; i < h * w; i++, k += 4) {
    const level = levels[slice * h * w + i];
    picture.data.set([255, Math.min(255, 40 + level * 0.85), 0, level * strength], k);
  }
  context.putImageData(picture, 0, 0);
  const large = canvas.getContext("2d");
  const side = Math.max(rows, columns);
  large.imageSmoothingEnabled = true;
  large.imageSmoothingQuality = "high";
  large.drawImage(small, -Math.floor((side - columns) / 2), -Math.floor((side - rows) / 2), side, side);
}

function drawStage() {
  drawSlice(find("#image"), state.slice);
  drawHeat(find("#overlay"), state.slice, state.strength);
  find(".place").textContent = `slice ${state.slice + 1} of ${nSlices}, ${data.positions[state.slice].toFixed(1)} mm`;
  find(".score").textContent = `${state.label} ${data.scores[state.label][state.slice].toFixed(3)}`;
  find(".corner.window").textContent = `centre ${Math.round(state.centre)}, width ${Math.round(state.width)} HU`;
  find(".corner.heat").textContent = state.heat ? (heat[state.label] ? `heat-map: ${state.label}` : `no heat-map made for ${state.label}`) : "";
  find("#slice").value = state.slice;
  all(".strip button").forEach((bar, i) => bar.classList.toggle("current", i === state.slice));
  all(".keys button").forEach((key) => key.setAttribute("aria-pressed", Number(key.dataset.slice) === state.slice));
}

function drawStrip() {
  const threshold = data.thresholds[state.label];
  const bars = data.scores[state.label].map((score, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.title = `slice ${i + 1}: ${score.toFixed(3)}`;
    const bar = document.createElement("i");
    bar.style.height = `${100 * score}%`;
    bar.classList.toggle("over", threshold !== null && score >= threshold);
    button.append(bar);
    button.addEventListener("click", () => go(i));
    return button;
  });
  find(".strip").replaceChildren(...bars);
  if (threshold === null) return;
  const line = document.createElement("div");
  line.className = "threshold";
  line.style.bottom = `${100 * threshold}%`;
  find(".strip").append(line);
}

function drawKeys() {
  const keys = data.keySlices[state.label].map((slice) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.slice = slice;
    const picture = document.createElement("canvas"), overlay = document.createElement("canvas");
    drawSlice(picture, slice);
    drawHeat(overlay, slice, state.strength);
    picture.getContext("2d").drawImage(overlay, 0, 0);
    const caption = document.createElement("span");
    caption.textContent = `${slice + 1}: ${data.scores[state.label][slice].toFixed(3)}`;
    button.append(picture, caption);
    button.addEventListener("click", () => go(slice));
    return button;
  });
  find(".keys").replaceChildren(...keys);
}

function go(slice) {
  state.slice = Math.min(nSlices - 1, Math.max(0, slice));
  drawStage();
}

function chooseLabel(label) {
  state.label = label;
  find("h2 .chosen").textContent = label;
  all("tr[data-label]").forEach((row) => row.classList.toggle("selected", row.dataset.label === label));
  drawStrip();
  drawKeys();
  drawStage();
}

function chooseWindow(centre, width) {
  state.centre = centre;
  state.width = Math.max(1, width);
  all("button[data-window]").forEach((button, i) => {
    const preset = data.windows[i];
    button.setAttribute("aria-pressed", preset.centre === state.centre && preset.width === state.width);
  });
  drawStage();
}

function chooseHeat(on) {
  state.heat = on && Object.keys(heat).length > 0;
  find("#heat-on").checked = state.heat;
  drawKeys();
  drawStage();
}

const KEYS = {
  ArrowUp: () => go(state.slice + 1),
  ArrowRight: () => go(state.slice + 1),
  ArrowDown: () => go(state.slice - 1),
  ArrowLeft: () => go(state.slice - 1),
  PageUp: () => go(state.slice + 5),
  PageDown: () => go(state.slice - 5),
  Home: () => go(0),
  End: () => go(nSlices - 1),
  h: () => chooseHeat(!state.heat),
};

function pressKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.type === "range") return;
  const preset = data.windows[Number(event.key) - 1];
  if (preset) chooseWindow(preset.centre, preset.width);
  const act = KEYS[event.key] || KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

function dragWindow(stage) {
  let held = null;
  stage.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, centre: state.centre, width: state.width };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (held) chooseWindow(held.centre + (event.clientY - held.y) / 2, held.width + (event.clientX - held.x));
  });
  ["pointerup", "pointercancel"].forEach((name) => stage.addEventListener(name, () => { held = null; drawKeys(); }));
}

function listen() {
  const stage = find(".stage");
  stage.addEventListener("wheel", (event) => { event.preventDefault(); go(state.slice - Math.sign(event.deltaY)); }, { passive: false });
  dragWindow(stage);
  document.addEventListener("keydown", pressKey);
  find("#slice").addEventListener("input", (event) => go(Number(event.target.value)));
  find("#heat-on").addEventListener("change", (event) => chooseHeat(event.target.checked));
  find("#heat-strength").addEventListener("input", (event) => { state.strength = event.target.value / 100; chooseHeat(true); });
  all("button[data-window]").forEach((button, i) => button.addEventListener("click", () => {
    chooseWindow(data.windows[i].centre, data.windows[i].width);
    drawKeys();
  }));
  all("tr[data-label]").forEach((row) => row.addEventListener("click", () => chooseLabel(row.dataset.label)));
}

async function start() {
  volume = await unpackVolume();
  Object.keys(data.heat).forEach((label) => { heat[label] = bytesOf(`heat-${label}`); });
  find(".stage").style.aspectRatio = data.aspect;
  find("#slice").max = nSlices - 1;
  state.slice = data.keySlices.any[0];
  state.heat = Object.keys(heat).length > 0;
  find("#heat-on").checked = state.heat;
  chooseLabel("any");
  chooseWindow(state.centre, state.width);
  listen();
  document.documentElement.dataset.ready = "";
}

start().catch((error) => {
  document.documentElement.dataset.failed = String(error);
  throw error;
});
