// Timelines of requests: one, and that of another run below it on the same scale of time.
const MS = us => us / 1e3;
const HEIGHT = {compute: [3, 20], transfer: [26, 12]};  // offset and height within a device's row
const decimal = s => (Math.abs(s) * 1e3).toFixed(1);

function latencyText(request) {
  const parts = PARTS.map(([, name], k) => [request.parts[k], name]).filter(([s]) => s > 1e-9);
  return `${decimal(request.latency_s)} ms = ` + parts.map(([s, name]) => `${decimal(s)} ${name}`).join(" + ");
}

function differenceText(above, below) {
  const by = PARTS.map(([, name], k) => [below.parts[k] - above.parts[k], name]).filter(([s]) => decimal(s) !== "0.0");
  const parts = by.map(([s, name], k) => `${s < 0 ? (k ? "- " : "-") : k ? "+ " : ""}${decimal(s)} ${name}`).join(" ");
  const s = below.latency_s - above.latency_s;
  return decimal(s) === "0.0" && !parts ? "the same to 0.1 ms." : `${decimal(s)} ms ${s < 0 ? "less" : "more"}; differences of parts: ${parts || "none"}.`;
}

const requestName = r => `request ${r.request}${r.stream ? " of " + r.stream : ""}`;

function timelineRows(svg, devices, left, right, top, row) {
  devices.forEach((d, i) => svg.append(text(left - 6, top + row * i + 22, cut(String(d)), {"text-anchor": "end"}),
    element("line", {x1: left, x2: right, y1: top + row * (i + 1) - 1, y2: top + row * (i + 1) - 1, class: "grid"})));
}

// Units and messages of the critical path with a line from each to the next.
function drawPath(svg, path, px, y, titleOf) {
  const points = [];
  for (const [kind, device, to, layer, start, time] of path) {
    const [offset, height] = HEIGHT[kind === "transfer" ? "transfer" : "compute"];
    const from = px(start), width = px(start + time) - from, middle = y(device) + offset + height / 2;
    points.push(`${from},${middle}`, `${from + width},${middle}`);
    const title = element("title", {}, "critical path: " + titleOf(kind, device, to, layer, start, time));
    svg.append(kind === "queue"
      ? element("line", {x1: from, x2: from + width, y1: middle, y2: middle, class: "path queue", "stroke-width": 4, "stroke-opacity": 0.35}, title)
      : element("rect", {x: from, y: y(device) + offset, width: Math.max(width, 0.6), height, class: "path " + kind, "pointer-events": "all"}, title));
  }
  svg.append(element("polyline", {points: points.join(" "), class: "path line", "stroke-width": 0.8, "pointer-events": "none"}));
}

function gantt(detail, request, span_us) {
  const devices = detail.cluster.devices.map(d => d.name), L = 112, W = 1120, R = W - 20, row = 44, top = 38;
  const H = top + row * devices.length + 30;
  const svg = frame(`${detail.label}, ${requestName(request)}\n${latencyText(request)}`, W, H, L);
  const px = us => L + us / (span_us || 1) * (R - L), y = device => top + row * device;
  for (const mark of ticks(0, MS(span_us), false)) {
    const x = px(mark * 1e3);
    svg.append(element("line", {x1: x, x2: x, y1: top, y2: H - 26, class: "grid"}), text(x, H - 12, round(mark) + " ms", {"text-anchor": "middle"}));
  }
  timelineRows(svg, devices, L, R, top, row);
  const when = (start, time) => `${round(MS(time))} ms from ${round(MS(start))} ms`;
  const bar = (kind, device, start, time, more, title) => {
    const [offset, height] = HEIGHT[kind], from = px(start);
    svg.append(element("rect", {x: from, y: y(device) + offset, width: Math.max(px(start + time) - from, 0.6), height, ...more}, element("title", {}, title)));
  };
  for (const [device, layer, start, time] of request.units)
    bar("compute", device, start, time, {class: "unit", fill: layer % 2 ? "#0072B2" : "#56B4E9"},
        `${devices[device]}: ${detail.layers[layer]}, ${when(start, time)}`);
  for (const [from, to, bytes, start, time] of request.transfers)
    bar("transfer", from, start, time, {class: "message", fill: "#E69F00", "fill-opacity": 0.6, stroke: "#b57d00", "stroke-width": 0.3},
        `${devices[from]} to ${devices[to]}: ${round(bytes / 1e3)} kB, ${when(start, time)}`);
  drawPath(svg, request.path, px, y, (kind, device, to, layer, start, time) => `${devices[device]}` + (kind === "transfer"
    ? ` to ${devices[to]}: output of ${detail.layers[layer]}, ${when(start, time)}`
    : `: ${detail.layers[layer]}${kind === "queue" ? " waits" : ""}, ${when(start, time)}`));
  return svg;
}

const detailOf = n => D.details[$("run" + n).value];
const requestOf = n => detailOf(n)?.requests.find(r => requestName(r) === $("request" + n).value);

// The requests of a view's run; the one of this name is chosen, or the first.
function fillRequests(n, wanted) {
  const detail = detailOf(n), select = $("request" + n);
  select.replaceChildren(...(detail ? detail.requests : []).map(r => element("option",
    {value: requestName(r), ...(requestName(r) === wanted ? {selected: ""} : {})}, `${requestName(r)}: ${decimal(r.latency_s)} ms`)));
  select.hidden = !detail;
  $("kept" + n).textContent = detail && detail.requests.length < detail.count
    ? `${detail.requests.length} of ${detail.count} requests are in this page; scripts/plot_timeline.py --request N draws any` : "";
}

function drawTimelines() {
  const shown = ["", "2"].map(n => ({n, detail: detailOf(n), request: requestOf(n)}));
  const span_us = Math.max(...shown.filter(s => s.request).map(s => s.request.latency_s * 1e6));
  for (const {n, detail, request} of shown) {
    $("gantt" + n).replaceChildren(...(request ? [figure(gantt(detail, request, span_us), `timeline_${detail.label}_${requestName(request)}`)] : []));
    $("left_out" + n).textContent = request && request.left_out ? `${request.left_out} of its units and messages are not drawn.` : "";
  }
  const [above, below] = shown.map(s => s.request);
  $("difference").textContent = above && below
    ? `${shown[1].detail.label}, ${requestName(below)}, against ${shown[0].detail.label}, ${requestName(above)}: ${differenceText(above, below)}` : "";
}

function drawCluster() {
  const detail = detailOf(""), drawing = clusterDrawing(detail.cluster);
  $("cluster").replaceChildren(drawing ? figure(drawing, "cluster") : "");
  $("scenario").textContent = detail.scenario;
}

function startTimelines() {
  if (!D.details.length) {
    $("gantt").textContent = "The runs have no files of their own (outputs: runs.csv only).";
    for (const id of ["run", "request", "other"]) $(id).hidden = true;
    return;
  }
  for (const n of ["", "2"]) {
    $("run" + n).append(...D.details.map((d, i) => element("option", {value: i}, d.label)));
    fillRequests(n);
    $("run" + n).onchange = () => {
      fillRequests(n, $("request" + n).value || $("request").value);
      if (!n) drawCluster();
      drawTimelines();
    };
  }
  $("request").onchange = () => { fillRequests("2", $("request").value); drawTimelines(); };
  $("request2").onchange = drawTimelines;
  const ok = D.runs.filter(r => r.status === "ok").length;
  if (D.details.length < ok) $("timelines").textContent = `${D.details.length} of ${ok} runs have timelines in this page: those of the fastest's setting and the fastest of the others.`;
  drawCluster();
  drawTimelines();
}
