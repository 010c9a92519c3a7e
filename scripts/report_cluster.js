// The cluster: nodes and lines as network.json has them.
const NODE = {device: [128, 66], switch: [96, 26], medium: [150, 44], link: [112, 32]};
const mbits = bytes => round(bytes * 8e-6) + " Mbit/s";
const cut = name => name.length > 18 ? name.slice(0, 17) + "…" : name;

// By node, the nodes that a line joins it to.
function neighbours(c) {
  const near = c.nodes.map(() => []);
  for (const e of c.edges) { near[e.a].push(e.b); near[e.b].push(e.a); }
  return near;
}

function distances(near, from) {
  const far = near.map(() => Infinity), queue = [from];
  far[from] = 0;
  for (const n of queue) for (const m of near[n]) if (far[m] === Infinity) { far[m] = far[n] + 1; queue.push(m); }
  return far;
}

// Devices side by side below what joins them, if the lines are a tree with the devices as its leaves; else null.
function treeLayout(c, near) {
  const inner = c.nodes.map((n, i) => i).filter(i => c.nodes[i].kind !== "device");
  const leaves = c.nodes.every((n, i) => n.kind !== "device" || near[i].length === 1);
  if (!inner.length || !leaves || c.edges.length !== c.nodes.length - 1 || distances(near, 0).includes(Infinity)) return null;
  const height = i => Math.max(...distances(near, i));
  const root = inner.reduce((a, b) => height(b) < height(a) ? b : a);
  const places = [];
  let column = 0;
  const put = (n, parent, depth) => {
    const below = near[n].filter(m => m !== parent);
    for (const m of below) put(m, n, depth + 1);
    const x = below.length ? mean(below.map(m => places[m][0])) : 150 * column++;
    places[n] = [x, 112 * depth];
  };
  put(root, -1, 0);
  return places;
}

// So that distances are like the numbers of lines in between (stress majorisation, Gansner et al. 2004), the longer side level.
function stressLayout(c, near) {
  const n = near.length, far = near.map((_, i) => distances(near, i).map(d => Math.min(d, n)));
  let p = near.map((_, i) => [Math.cos(2 * Math.PI * i / n + 0.1), Math.sin(2 * Math.PI * i / n + 0.1)]);
  for (let round = 0; round < 300; ++round) {
    p = p.map((at, i) => {
      let [x, y, weights] = [0, 0, 0];
      p.forEach((other, j) => {
        if (i === j) return;
        const w = far[i][j] ** -2, length = Math.hypot(at[0] - other[0], at[1] - other[1]) || 1e-9;
        x += w * (other[0] + far[i][j] * (at[0] - other[0]) / length);
        y += w * (other[1] + far[i][j] * (at[1] - other[1]) / length);
        weights += w;
      });
      return weights ? [x / weights, y / weights] : at;
    });
  }
  const [mx, my] = [0, 1].map(k => mean(p.map(at => at[k])));
  const sum = f => p.reduce((s, [x, y]) => s + f(x - mx, y - my), 0);
  const angle = Math.atan2(2 * sum((x, y) => x * y), sum((x, y) => x * x - y * y)) / 2;
  p = p.map(([x, y]) => [(x - mx) * Math.cos(angle) + (y - my) * Math.sin(angle), 0.7 * ((y - my) * Math.cos(angle) - (x - mx) * Math.sin(angle))]);
  // As small as boxes that do not touch allow.
  let scale = 60;
  p.forEach((a, i) => p.slice(0, i).forEach((b, j) => {
    const [[w, h], [v, g]] = [NODE[c.nodes[i].kind], NODE[c.nodes[j].kind]];
    scale = Math.max(scale, Math.min(((w + v) / 2 + 20) / Math.abs(a[0] - b[0]), ((h + g) / 2 + 34) / Math.abs(a[1] - b[1])));
  }));
  return p.map(([x, y]) => [x * Math.min(scale, 1000), y * Math.min(scale, 1000)]);
}

function lineLabel(c, e) {
  if (!e.forth || c.nodes[e.b].kind === "medium" && e.forth.bandwidth_Bps === c.nodes[e.b].bandwidth_Bps) return "";
  const rates = e.forth.bandwidth_Bps === e.back.bandwidth_Bps ? mbits(e.forth.bandwidth_Bps)
    : `${mbits(e.forth.bandwidth_Bps)} from ${cut(c.nodes[e.a].name)}, ${mbits(e.back.bandwidth_Bps)} back`;
  return e.forth.link === e.back.link && c.nodes[e.b].kind !== "medium" ? rates + ", half-duplex" : rates;
}

// What the file calls a line, if it is more than the names of its ends.
function lineName(c, e) {
  if (!e.forth || c.nodes[e.b].kind === "medium") return "";
  const [a, b] = [c.nodes[e.a].name, c.nodes[e.b].name], name = e.forth.link.replace(/:up$/, "");
  return [a, b, `${a}:${b}`, `${b}:${a}`].includes(name) ? "" : cut(name);
}

function lineTitle(e) {
  if (!e.forth) return "";
  const way = d => `${d.link}: ${mbits(d.bandwidth_Bps)}, ${round(d.latency_s * 1e3)} ms`;
  return e.forth.link === e.back.link ? way(e.forth) : way(e.forth) + "\n" + way(e.back);
}

function nodeLines(c, node, i) {
  if (node.kind === "switch") return [cut(node.name)];
  if (node.kind !== "device") return [cut(node.name), mbits(node.bandwidth_Bps) + (node.kind === "medium" ? ", shared" : "")];
  const d = c.devices[i], macs = /^([0-9.e+-]+)MAC/.exec(d.mac_rate || "");
  const roles = [d.name === c.source ? "input" : "", d.name === c.sink ? "result" : ""].filter(t => t).join(" and ");
  return [cut(d.name), d.type || "own profile", macs ? round(macs[1] / 1e9) + " GMAC/s" : d.mac_rate || "", roles && "has " + roles];
}

function clusterDrawing(c) {
  $("network").textContent = `Network: ${c.type}. ${c.note}`;
  if (!c.nodes.length) return "";
  const near = neighbours(c);
  const tree = treeLayout(c, near), places = tree || stressLayout(c, near);
  const sizes = c.nodes.map(n => NODE[n.kind]);
  const [left, top] = [0, 1].map(k => Math.min(...places.map((p, i) => p[k] - sizes[i][k] / 2)) - 12);
  const [right, bottom] = [0, 1].map(k => Math.max(...places.map((p, i) => p[k] + sizes[i][k] / 2)) + 12);
  const W = Math.max(right - left, 300), H = bottom - top + 20;
  const svg = element("svg", {width: W, height: H, viewBox: `${left} ${top} ${W} ${H}`, class: "chart"});
  const labels = c.edges.map(e => lineLabel(c, e));
  const counts = [...group(labels.filter(l => l), l => l)].sort((a, b) => b[1].length - a[1].length);
  // What most lines have is said once.
  const usual = counts.length && counts[0][1].length > 2 && counts[0][1].length > labels.length / 2 ? counts[0][0] : null;
  for (const e of c.edges) {
    // In a tree from the top of the lower end, so that a line crosses no box beside it.
    const end = n => [places[n][0], places[n][1] - (tree && places[n][1] > 0 ? sizes[n][1] / 2 : 0)];
    const [[x1, y1], [x2, y2]] = tree && places[e.a][1] < places[e.b][1] ? [places[e.a], end(e.b)] : [end(e.a), places[e.b]];
    svg.append(element("line", {x1, y1, x2, y2, stroke: "#888", "stroke-width": 1.5, class: "wire",
      ...(c.nodes[e.b].kind === "medium" ? {"stroke-dasharray": "5 4"} : {})}, element("title", {}, lineTitle(e))));
  }
  c.nodes.forEach((node, i) => {
    const [w, h] = sizes[i], [x, y] = places[i], lines = nodeLines(c, node, i).filter(t => t);
    const device = node.kind === "device";
    svg.append(element("rect", {x: x - w / 2, y: y - h / 2, width: w, height: h, rx: device ? 5 : h / 2, class: "node " + node.kind,
      fill: device ? "#fff" : node.kind === "link" ? "#fdf6e7" : "#f3f6f9", stroke: device ? "#0072B2" : "#888",
      "stroke-width": device && node.name === c.source ? 2.5 : 1.2}, element("title", {}, node.name)));
    lines.forEach((t, k) => svg.append(text(x, y + 4 + 14 * (k - (lines.length - 1) / 2), t, {"text-anchor": "middle", ...(k ? {} : {"font-weight": 600})})));
  });
  c.edges.forEach((e, i) => {
    const shown = [lineName(c, e), labels[i] === usual ? "" : labels[i]].filter(t => t).join(", ");
    const [low, high] = places[e.a][1] > places[e.b][1] ? [e.a, e.b] : [e.b, e.a];
    // Half-way between the boxes of a tree, else between their centres.
    const edge = tree ? (sizes[high][1] - sizes[low][1]) / 4 : 0;
    const y = (places[low][1] + places[high][1]) / 2 + edge;
    const part = (y - places[high][1]) / ((places[low][1] - places[high][1]) - (tree ? sizes[low][1] / 2 : 0) || 1);
    const x = tree ? places[high][0] + part * (places[low][0] - places[high][0]) : (places[low][0] + places[high][0]) / 2;
    const rows = shown.split(", ").filter(t => t);
    rows.forEach((t, k) => svg.append(text(x, y + 4 + 12 * (k - (rows.length - 1) / 2), t, {"text-anchor": "middle", class: "wirelabel"})));
  });
  const said = usual ? (counts.length > 1 ? `Lines without a rate: ${usual}.` : `Each line: ${usual}.`) : "";
  $("network").append(said);
  return svg;
}
