"use strict";
(function () {
  // Every rule of "and" and "or" was applied before this page was written: it only paints lists.
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const data = read("facts-data");
  const nodes = data.nodes;
  const links = data.links;
  const answers = data.answers;
  const places = read("vis-nodes");
  const spots = places.map((p) => ({ x: p.x, y: p.y, size: p.size, shape: p.shape }));
  const many = nodes.length > 300;
  const crowd = links.length > 700;
  const targets = nodes.map((n, i) => i).filter((i) => nodes[i].target);

  const BY_WORDS = new Map([["node", "plant"], ["country", "country"], ["operator", "operator"],
    ["controller", "controller"], ["owner", "owner"], ["stage", "stage"], ["material", "material"],
    ["supply", "supply"]]);
  const KIND_WORDS = new Map([["dot", "plant or line"], ["hexagon", "aggregate"], ["square", "firm"],
    ["triangle", "stock"], ["star", "programme"], ["diamond", "target"]]);
  const STATE_WORDS = { lost: "lost", dark: "goes dark", assumed: "dark if illustrative links are right",
    maybe: "possibly dark", idle: "not running",
    "": "" };

  const blank = () => ({ colour: "country", by: firstBy(), unit: -1, cutTarget: firstTarget(),
    cutBy: firstCutBy(), cut: -1, node: -1, link: -1, dir: "both", country: "",
    stage: "", controller: "", target: -1, sort: "", down: false });
  const state = blank();

  function firstBy() {
    const known = Object.keys(data.units);
    return known.includes("country") ? "country" : known[0] || "";
  }
  function firstTarget() {
    const told = answers.find((a) => a.by === firstCutBy() && a.sets.length) || answers[0];
    return told ? told.target : targets[0] || 0;
  }
  function firstCutBy() { return answers.length ? answers[0].by : "node"; }
  function count(n, word, plural) {
    return n.toLocaleString("en") + " " + (n === 1 ? word : plural || word + "s");
  }
  function el(tag, attributes, ...content) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "class") made.className = value;
      else if (key === "onclick") made.addEventListener("click", value);
      else made.setAttribute(key, value);
    }
    for (const part of content) {
      if (part === null || part === undefined) continue;
      made.append(typeof part === "object" ? part : document.createTextNode(String(part)));
    }
    return made;
  }
  function empty(parent) { parent.replaceChildren(); return parent; }
  function nodeButton(i, extra) {
    const button = el("button", { type: "button", class: "link", onclick: () => choose(i, true) },
      nodes[i].name);
    button.dir = "auto";
    return extra ? el("span", {}, button, " ", el("span", { class: "small" }, extra)) : button;
  }

  // ---- relations ------------------------------------------------------------------------------
  const into = nodes.map(() => []);
  const out = nodes.map(() => []);
  links.forEach((link, k) => { into[link.to].push(k); out[link.from].push(k); });
  const cones = new Map();
  function reach(start, lists, end) {
    const seen = new Set([start]);
    const lines = new Set();
    const todo = [start];
    while (todo.length) {
      for (const k of lists[todo.pop()]) {
        if (!links[k].live) continue;
        lines.add(k);
        const next = links[k][end];
        if (!seen.has(next)) { seen.add(next); todo.push(next); }
      }
    }
    return { seen, lines };
  }
  function upstream(i) {
    if (!cones.has(i)) cones.set(i, reach(i, into, "from"));
    return cones.get(i);
  }

  // ---- what is shown now ----------------------------------------------------------------------
  let now = null;
  function answerOf(target, by) {
    return answers.find((a) => a.target === target && a.by === by) || null;
  }
  function shownEffect() {
    if (state.cut >= 0) {
      const answer = answerOf(state.cutTarget, state.cutBy);
      const set = answer && answer.sets[state.cut];
      if (!set) return null;
      const effect = { lost: set.lost, dark: [], assumed: [], maybe: [], blocked: set.blocked };
      effect[{ certain: "dark", assumed: "assumed", possible: "maybe" }[set.certainty]] = set.dark;
      return effect;
    }
    return state.unit >= 0 ? (data.units[state.by] || [])[state.unit] || null : null;
  }
  function compute() {
    const states = nodes.map((n) => (n.idle ? "idle" : ""));
    const effect = shownEffect();
    const blocked = new Set();
    if (effect) {
      effect.maybe.forEach((i) => { states[i] = "maybe"; });
      effect.assumed.forEach((i) => { states[i] = "assumed"; });
      effect.dark.forEach((i) => { states[i] = "dark"; });
      effect.lost.forEach((i) => { states[i] = "lost"; });
      effect.blocked.forEach((k) => blocked.add(k));
    }
    let trace = null;
    let lines = null;
    if (state.node >= 0 && state.dir !== "none") {
      const up = state.dir === "down" ? null : upstream(state.node);
      const down = state.dir === "up" ? null : reach(state.node, out, "to");
      trace = new Set([...(up ? up.seen : []), ...(down ? down.seen : []), state.node]);
      lines = new Set([...(up ? up.lines : []), ...(down ? down.lines : [])]);
    }
    if (state.link >= 0) {
      trace = new Set([links[state.link].from, links[state.link].to]);
      lines = new Set([state.link]);
    }
    const cone = state.target >= 0 ? upstream(state.target).seen : null;
    const match = nodes.map((n, i) => (!state.country || n.country === state.country ||
        (state.country === "?" && n.country === null)) &&
      (!state.stage || n.stage === state.stage) &&
      (!state.controller || n.controller === state.controller ||
        (state.controller === "?" && n.controller === null)) &&
      (!cone || cone.has(i)));
    const visible = match.map((m, i) => m && (!trace || trace.has(i)));
    // A country holds much that this target does not hang on: only what it does is ringed.
    const ring = state.cut >= 0 && effect ? new Set(effect.lost.filter((i) =>
      upstream(state.cutTarget).seen.has(i))) : new Set();
    const down = new Set(effect ? [...effect.lost, ...effect.dark, ...effect.assumed] : []);
    const red = links.filter((l, k) => blocked.has(k) || down.has(l.from)).length;
    // Many red lines together are as loud as few: they thin out.
    const hurt = Math.max(0.25, Math.min(0.85, 130 / (red + 1)));
    now = { states, effect, blocked, trace, lines, match, visible, ring, hurt,
      shown: visible.filter(Boolean).length };
  }

  // ---- colours --------------------------------------------------------------------------------
  const ink = {};
  const INKS = ["card", "ink", "muted", "line", "accent", "lane", "lane-line", "edge", "edge-faint",
    "lost", "dark", "dark-ink", "maybe", "maybe-soft", "ring", "hue0", "hue1", "hue2", "hue3", "hue4",
    "hue5", "hue6", "other", "unknown", "unknown-line", "on-hue", "font"];
  function readInk() {
    const style = getComputedStyle(document.documentElement);
    INKS.forEach((name) => { ink[name] = style.getPropertyValue("--" + name).trim(); });
  }
  function entryOf(i) {
    return data.colourings[state.colour][nodes[i].colour[state.colour === "country" ? 0 : 1]];
  }
  function hueOf(entry) {
    return entry.hue >= 0 ? ink["hue" + entry.hue] : entry.hue === -1 ? ink.other : ink.unknown;
  }
  function fillOf(i) {
    const s = now.states[i];
    if (s === "lost") return ink.lost;
    if (s === "dark") return ink.dark;
    if (s === "maybe") return ink["maybe-soft"];
    if (s === "idle" || s === "assumed" || nodes[i].confidence === "illustrative") return ink.card;
    return hueOf(entryOf(i));
  }
  function lineOf(i) {
    const s = now.states[i];
    if (s === "lost") return ink.lost;
    if (s === "dark" || s === "assumed") return ink.dark;
    if (s === "maybe") return ink.maybe;
    if (s === "idle" || entryOf(i).hue === -2) return ink["unknown-line"];
    return hueOf(entryOf(i));
  }
  function codeOf(i) {
    const entry = state.colour === "country" ? nodes[i].country : nodes[i].controller;
    return entry ? entry.slice(0, 3).toUpperCase() : "";
  }

  // ---- the drawing library --------------------------------------------------------------------
  const SHAPES = new Set(["dot", "hexagon", "square", "triangle", "star", "diamond"]);
  function visNode(i) {
    const n = nodes[i];
    return {
      id: "n" + i, x: spots[i].x, y: spots[i].y, title: places[i].title,
      shape: SHAPES.has(spots[i].shape) ? spots[i].shape : "dot",
      size: spots[i].size, opacity: now.visible[i] ? 1 : 0.13,
      borderWidth: !many && (now.states[i] === "maybe" || now.states[i] === "assumed") ? 5 :
        n.confidence === "illustrative" ? 4 : 2.5,
      color: { background: fillOf(i), border: lineOf(i) },
      shapeProperties: { borderDashes: now.states[i] === "maybe" ||
        (!now.states[i] && n.confidence === "illustrative") ? (many ? [4, 3] : [7, 5]) : false },
    };
  }
  function visLink(k) {
    const link = links[k];
    const down = ["lost", "dark", "assumed"].includes(now.states[link.from]);
    const hurt = now.effect && ((down && link.live) || now.blocked.has(k));
    const traced = now.lines && now.lines.has(k);
    const lit = now.lines ? traced : now.visible[link.from] && now.visible[link.to];
    let opacity = link.live ? 0.5 : 0.2;
    if (now.effect) opacity = hurt ? now.hurt : opacity * 0.55;
    if (traced) opacity = 0.95;
    if (!lit) opacity = 0.05;
    return {
      id: "e" + k, from: "n" + link.from, to: "n" + link.to,
      width: traced ? 4.4 : hurt ? 4 : link.live ? 2.5 : 1.6,
      color: { color: hurt ? ink.lost : traced ? ink.accent : link.live ? ink.edge :
        ink["edge-faint"], opacity },
      dashes: crowd ? false : link.illustrative ? (link.back ? [2, 7, 12, 7] : [2, 7]) :
        link.back ? [14, 9] : false,
    };
  }

  readInk();
  compute();
  const nodeSet = new vis.DataSet(nodes.map((n, i) => visNode(i)));
  const linkSet = new vis.DataSet(links.map((l, k) => visLink(k)));
  const network = new vis.Network(byId("net"), { nodes: nodeSet, edges: linkSet }, {
    autoResize: true, physics: false, layout: { improvedLayout: false },
    interaction: { hover: true, tooltipDelay: 120, dragNodes: false, keyboard: false,
      selectConnectedEdges: false, hoverConnectedEdges: false, hideEdgesOnDrag: crowd,
      hideEdgesOnZoom: crowd },
    nodes: { chosen: false, fixed: true },
    edges: { chosen: false, arrows: { to: { enabled: true, scaleFactor: 0.5 } },
      arrowStrikethrough: false,
      smooth: many ? false : { enabled: true, type: "cubicBezier", forceDirection: "horizontal",
        roundness: 0.42 } },
  });
  window.network = network;

  let shadowNodes = nodes.map(() => "");
  let shadowLinks = links.map(() => "");
  function paint() {
    compute();
    const changedNodes = [];
    nodes.forEach((n, i) => {
      const item = visNode(i);
      const text = JSON.stringify(item);
      if (text !== shadowNodes[i]) { shadowNodes[i] = text; changedNodes.push(item); }
    });
    const changedLinks = [];
    links.forEach((l, k) => {
      const item = visLink(k);
      const text = JSON.stringify(item);
      if (text !== shadowLinks[k]) { shadowLinks[k] = text; changedLinks.push(item); }
    });
    if (changedNodes.length) nodeSet.update(changedNodes);
    if (changedLinks.length) linkSet.update(changedLinks);
    network.redraw();
  }

  // ---- on the canvas: lanes below, marks and names above --------------------------------------
  const FONT_SIZE = 11;
  let hovered = -1;
  let fitted = 1;
  function view(ctx) {
    const centre = network.getViewPosition();
    const scale = network.getScale();
    const width = ctx.canvas.clientWidth;
    const height = ctx.canvas.clientHeight;
    return { scale, width, height, ratio: ctx.canvas.width / Math.max(1, width),
      at: (p) => ({ x: (p.x - centre.x) * scale + width / 2,
        y: (p.y - centre.y) * scale + height / 2 }) };
  }
  network.on("beforeDrawing", (ctx) => {
    ctx.save();
    data.lanes.forEach((lane) => {
      ctx.beginPath();
      ctx.roundRect(lane.x, lane.y, lane.w, lane.h, 16);
      ctx.fillStyle = ink.lane;
      ctx.fill();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = ink["lane-line"];
      ctx.stroke();
    });
    ctx.restore();
  });
  network.on("afterDrawing", (ctx) => {
    const v = view(ctx);
    ctx.save();
    ctx.setTransform(v.ratio, 0, 0, v.ratio, 0, 0);
    drawMarks(ctx, v);
    drawNames(ctx, v);
    ctx.restore();
    placeHeadings(v);
    window.__ready = true;
  });

  function hatch(ctx, x, y, r, colour) {
    ctx.save();
    ctx.beginPath();
    ctx.arc(x, y, r * 0.8, 0, 7);
    ctx.clip();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1;
    for (let d = -2 * r; d < 2 * r; d += 4) {
      ctx.beginPath();
      ctx.moveTo(x + d - r, y + r);
      ctx.lineTo(x + d + r, y - r);
      ctx.stroke();
    }
    ctx.restore();
  }
  function cross(ctx, x, y, r, colour) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = Math.max(1.5, r / 3);
    ctx.beginPath();
    ctx.moveTo(x - r, y - r); ctx.lineTo(x + r, y + r);
    ctx.moveTo(x + r, y - r); ctx.lineTo(x - r, y + r);
    ctx.stroke();
  }
  function mark(ctx, s, x, middle, reach, code, on, shape) {
    // A triangle and a star hold less than a disc, and the triangle holds it lower.
    const r = shape === "triangle" || shape === "star" ? reach * 0.72 : reach;
    const y = shape === "triangle" ? middle + reach * 0.2 : middle;
    if (s === "lost") cross(ctx, x, y, r * 0.42, ink.card);
    else if (s === "dark" || s === "assumed") {
      ctx.strokeStyle = s === "dark" ? ink["dark-ink"] : ink.dark;
      ctx.lineWidth = Math.max(1.2, r / 6);
      ctx.beginPath();
      ctx.arc(x, y, r * 0.42, 0, 7);
      ctx.stroke();
    } else if (s === "maybe" && r > 4) {
      ctx.fillStyle = ink.maybe;
      ctx.font = "700 " + Math.round(r * 1.5) + "px " + ink.font;
      ctx.fillText("~", x, y + r * 0.06);
    } else if (code && reach >= 6.5) {
      ctx.fillStyle = on;
      ctx.font = "600 " + Math.round(Math.min(13, r * (code.length > 2 ? 0.68 : 0.88))) + "px " +
        ink.font;
      ctx.fillText(code, x, y + 0.5);
    }
  }
  function question(ctx, x, y, r) {
    ctx.lineWidth = 1.1;
    ctx.strokeStyle = ink.maybe;
    ctx.fillStyle = ink["maybe-soft"];
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 7);
    ctx.fill();
    ctx.stroke();
    if (r >= 4) {
      ctx.fillStyle = ink.maybe;
      ctx.font = "700 " + Math.round(r * 1.55) + "px " + ink.font;
      ctx.fillText("?", x, y + 0.5);
    }
  }
  function drawMarks(ctx, v) {
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    nodes.forEach((n, i) => {
      const p = v.at(spots[i]);
      if (p.x < -40 || p.y < -40 || p.x > v.width + 40 || p.y > v.height + 40) return;
      const r = spots[i].size * v.scale * (spots[i].shape === "diamond" ? 0.9 : 1);
      ctx.globalAlpha = now.visible[i] ? 1 : 0.13;
      const s = now.states[i];
      const entry = entryOf(i);
      if (!s && entry.hue === -2) hatch(ctx, p.x, p.y, r, ink["unknown-line"]);
      mark(ctx, s, p.x, p.y, r, codeOf(i), s === "idle" ? ink.muted :
        n.confidence === "illustrative" ? lineOf(i) : ink["on-hue"], spots[i].shape);
      if (n.unknownInputs) {
        const b = Math.max(2, Math.min(6.5, r * 0.5));
        const y = p.y - r * 0.75;
        const x = p.x - r - b * 0.3;
        if (!many) question(ctx, x, y, b);
        else if (r > 5) question(ctx, x, y, b);
      }
      if (now.ring.has(i)) {
        ctx.strokeStyle = ink.ring;
        ctx.lineWidth = 2;
        ctx.beginPath(); ctx.arc(p.x, p.y, r + 5, 0, 7); ctx.stroke();
        ctx.beginPath(); ctx.arc(p.x, p.y, r + 9, 0, 7); ctx.stroke();
      }
      if (i === state.node) {
        ctx.strokeStyle = ink.accent;
        ctx.lineWidth = 2.5;
        ctx.beginPath(); ctx.arc(p.x, p.y, r + 4, 0, 7); ctx.stroke();
      }
    });
    ctx.globalAlpha = 1;
    now.blocked.forEach((k) => {
      const a = v.at(spots[links[k].from]);
      const b = v.at(spots[links[k].to]);
      cross(ctx, (a.x + b.x) / 2, (a.y + b.y) / 2, 3, ink.lost);
    });
  }

  // Names at one size whatever the zoom. A picture of many nodes names those that matter, the rest
  // on hover or closer up: where all are named, none is read.
  const FEW = 40;
  function named(i, v) {
    const s = now.states[i];
    return nodes[i].target || nodes[i].stops[0] + nodes[i].stops[1] > 0 ||
      now.ring.has(i) || i === state.node || (s && s !== "idle") ||
      now.shown <= FEW || v.scale > fitted * 1.4;
  }
  const wrapped = nodes.map((n) => {
    const words = n.name.split(" ");
    const lines = [""];
    for (const word of words) {
      const last = lines[lines.length - 1];
      if (!last) lines[lines.length - 1] = word;
      else if (last.length + word.length < 17) lines[lines.length - 1] = last + " " + word;
      else if (lines.length < 3) lines.push(word);
      else { lines[2] = last + "…"; break; }
    }
    return lines.map((l) => (l.length > 19 ? l.slice(0, 18) + "…" : l));
  });
  // Where three lines find no room, two may.
  const shorter = wrapped.map((lines) => (lines.length > 2 ? [lines[0], lines[1].replace(/…$/, "") + "…"] :
    null));
  function weightOf(i) {
    const s = now.states[i];
    return (i === hovered ? 1e6 : 0) + (i === state.node ? 9e5 : 0) + (now.ring.has(i) ? 8e5 : 0) +
      (s === "lost" ? 4e5 : 0) + (now.effect && s && nodes[i].target ? 3e5 : 0) +
      (nodes[i].target ? 1e5 : 0) + (s === "dark" || s === "assumed" ? 5e4 : 0) +
      (s === "maybe" ? 2e4 : 0) + (nodes[i].stops[0] + nodes[i].stops[1]) * 1000 + nodes[i].stops[2] * 100 + into[i].length + out[i].length;
  }
  function drawNames(ctx, v) {
    const size = FONT_SIZE;
    const step = size * 1.18;
    ctx.font = "500 " + size + "px " + ink.font;
    ctx.lineJoin = "round";
    const boxes = [];
    const seen = [];
    nodes.forEach((n, i) => {
      const p = v.at(spots[i]);
      if (p.x < -20 || p.y < -20 || p.x > v.width + 20 || p.y > v.height + 20) return;
      const r = spots[i].size * v.scale;
      if (r < 2.5 && i !== hovered && i !== state.node) return;
      if (now.visible[i]) boxes.push({ l: p.x - r, r: p.x + r, t: p.y - r, b: p.y + r, own: i });
      const wanted = named(i, v) && (!many || r > 6 || n.target || now.ring.has(i) ||
        i === state.node);
      if ((now.visible[i] && wanted) || i === hovered) seen.push({ i, p, r });
    });
    data.lanes.forEach((lane) => {
      const p = v.at(lane);
      const band = Math.min(60 * v.scale, 34);
      boxes.push({ l: p.x, r: p.x + lane.w * v.scale, t: p.y, b: p.y + band, own: -2 });
    });
    const zoom = byId("zoom");
    boxes.push({ l: zoom.offsetLeft - 4, r: v.width, t: zoom.offsetTop - 4, b: v.height, own: -3 });
    seen.sort((a, b) => weightOf(b.i) - weightOf(a.i) || a.i - b.i);
    const room = (box, own) => box.l > 1 && box.t > 1 && box.r < v.width - 1 &&
      box.b < v.height - 1 && boxes.every((o) => o.own === own || box.l >= o.r || box.r <= o.l ||
        box.t >= o.b || box.b <= o.t);
    let placed = 0;
    const lost = now.effect ? now.effect.lost.length : 0;
    for (const { i, p, r } of seen) {
      if (placed > 220) break;
      const pad = now.ring.has(i) ? 11 : i === state.node ? 6 : 2;
      let lines = [];
      let w = 0;
      let h = 0;
      let spot = null;
      // Below or above, then beside, where lines run.
      for (const [form, beside] of [[wrapped[i], false], [shorter[i], false], [wrapped[i], true],
        [shorter[i], true]]) {
        if (!form || spot) continue;
        lines = form;
        w = Math.max(...lines.map((l) => ctx.measureText(l).width)) + 2;
        h = lines.length * step;
        const options = beside ? [[p.x + r + pad + 1, p.y - h / 2], [p.x - r - pad - 1 - w, p.y - h / 2]] :
          [[p.x - w / 2, p.y + r + pad], [p.x - w / 2, p.y - r - pad - h]];
        spot = options.find(([x, y]) => room({ l: x, r: x + w, t: y, b: y + h }, i)) || null;
      }
      const must = i === hovered || i === state.node || (now.states[i] === "lost" && lost <= 3);
      if (!spot && must) spot = [p.x - w / 2, p.y + r + pad];
      if (!spot) continue;
      placed += 1;
      // A little air, or two names one above the other read as one.
      boxes.push({ l: spot[0] - 2, r: spot[0] + w + 2, t: spot[1] - 4, b: spot[1] + h + 4, own: -1 });
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      ctx.lineWidth = 3.5;
      ctx.strokeStyle = ink.lane;
      ctx.fillStyle = now.states[i] === "lost" ? ink.lost : nodes[i].idle ? ink.muted : ink.ink;
      lines.forEach((line, k) => {
        const x = spot[0] + w / 2;
        const y = spot[1] + k * step;
        ctx.strokeText(line, x, y);
        ctx.fillText(line, x, y);
      });
    }
  }
  const headings = data.lanes.map((lane) => {
    const made = el("div", {}, lane.label, " ", el("span", {}, "(" + lane.count + ")"));
    byId("headings").append(made);
    return made;
  });
  function placeHeadings(v) {
    data.lanes.forEach((lane, k) => {
      const p = v.at(lane);
      const width = lane.w * v.scale;
      const style = headings[k].style;
      const top = Math.max(0, Math.min(p.y, p.y + lane.h * v.scale - 22));
      style.transform = "translate(" + (p.x - 12) + "px," + top + "px)";
      style.width = width + 24 + "px";
      style.visibility = p.x > v.width || p.x + width < 0 || top > v.height || width < 14 ||
        p.y + lane.h * v.scale < 8 ? "hidden" : "visible";
      headings[k].lastChild.textContent = width + 24 > 7 * (lane.label.length + 6) ?
        "(" + lane.count + ")" : "";
    });
  }

  function fitAll() {
    const frame = byId("net");
    const right = Math.max(...data.lanes.map((l) => l.x + l.w), 1);
    const bottom = Math.max(...data.lanes.map((l) => l.y + l.h), 1);
    const scale = Math.min((frame.clientWidth - 16) / right, (frame.clientHeight - 16) / bottom, 1.25);
    fitted = Math.max(scale, 0.02);
    network.moveTo({ position: { x: right / 2, y: bottom / 2 }, scale: fitted });
  }
  function lookAt(i) {
    const scale = Math.max(network.getScale(), Math.min(0.9, network.getScale() * 1.6));
    const box = byId("net");
    const p = network.canvasToDOM(spots[i]);
    const inside = p.x > 30 && p.y > 30 && p.x < box.clientWidth - 30 && p.y < box.clientHeight - 30;
    if (!inside) network.moveTo({ position: spots[i], scale });
  }

  // ---- controls -------------------------------------------------------------------------------
  function fill(select, entries, value) {
    empty(select);
    entries.forEach(([key, label]) => {
      const option = el("option", {}, label);
      option.value = key;
      select.append(option);
    });
    if (value !== undefined) select.value = value;
  }
  function distinct(key, label) {
    const found = new Map();
    nodes.forEach((n) => { if (n[key] !== null) found.set(n[key], n[label] || n[key]); });
    const entries = [...found].sort((a, b) => (a[1] < b[1] ? -1 : 1));
    if (nodes.some((n) => n[key] === null) && key !== "stage") entries.push(["?", "not recorded"]);
    return [["", "all"], ...entries];
  }
  const laneOrder = new Map(data.lanes.map((lane, k) => [lane.label, lane.x * 1e4 + k]));
  const stages = distinct("stage", "stage");
  stages.sort((a, b) => (a[0] ? laneOrder.get(a[0]) ?? 1e12 : -1) - (b[0] ? laneOrder.get(b[0]) ?? 1e12 : -1));
  fill(byId("f-country"), distinct("country", "countryName"));
  fill(byId("f-controller"), distinct("controller", "controllerName"));
  fill(byId("f-stage"), stages);
  fill(byId("f-target"), [["-1", "any target"], ...targets.map((t) => [String(t), nodes[t].name])]);
  nodes.forEach((n) => {
    const option = document.createElement("option");
    option.value = n.name;
    if (n.id !== n.name) option.label = n.id;
    byId("names").append(option);
  });
  fill(byId("lose-by"), Object.keys(data.units).map((by) => [by, BY_WORDS.get(by) || by]));
  fill(byId("cut-target"), targets.map((t) => [String(t), nodes[t].name]));
  fill(byId("cut-by"), [...new Set(answers.map((a) => a.by))].map((by) => [by, BY_WORDS.get(by) || by]));

  function harm(unit) {
    const parts = [[unit.targets.length, "certain"], [unit.targetsAssumed.length, "assumed"],
      [unit.targetsMaybe.length, "possible"]].filter(([n]) => n).map(([n, word]) => n + " " + word);
    return parts.length ? "stops " + parts.join(", ") : "stops none on record";
  }
  function fillUnits() {
    const units = data.units[state.by] || [];
    const order = units.map((u, k) => k).sort((a, b) => {
      const x = units[a];
      const y = units[b];
      const own = (u) => Number(state.by === "node" && u.lost.some((i) => nodes[i].target));
      return own(x) - own(y) || y.targets.length - x.targets.length ||
        y.targetsAssumed.length - x.targetsAssumed.length || y.targetsMaybe.length - x.targetsMaybe.length ||
        y.dark.length - x.dark.length || (x.label < y.label ? -1 : 1);
    });
    fill(byId("lose-unit"), [["-1", "nothing"], ...order.map((k) => [String(k),
      units[k].label + " – " + harm(units[k])])], String(state.unit));
  }

  function sentence() {
    const box = byId("sentence");
    empty(box);
    box.className = now.effect ? "hit" : "";
    const strong = (text) => el("b", {}, text);
    if (state.cut >= 0 && now.effect) {
      const set = answerOf(state.cutTarget, state.cutBy).sets[state.cut];
      box.append(strong(set.labels.join(" and ") || "With nothing lost"),
        set.labels.length > 1 ? " together stop " : set.labels.length ? " stops " : ", this stops: ",
        strong(nodes[state.cutTarget].name), " (" + set.certainty +
        (set.gaps.length ? ", if this goes badly: " + set.gaps.join("; and ") : "") + "). ",
        count(set.lost.length, "node") + " lost" +
        (set.blocked.length ? ", " + count(set.blocked.length, "link") + " blocked" : "") + "; " +
        (set.dark.length > 1 ? set.dark.length + " go dark on the way, the target included." :
          "nothing else goes dark before the target."));
      return;
    }
    if (now.effect) {
      const u = now.effect;
      const denies = state.by === "controller";
      const sure = u.targets.length;
      const perhaps = u.targetsMaybe.length;
      const parts = [];
      if (!denies || u.lost.length) parts.push((data.grouped ? count(u.lost.length, "group") : u.lost.length) + " lost");
      if (u.blocked.length && denies) parts.push(count(u.blocked.length, "link") + " blocked");
      parts.push(u.dark.length + " dark");
      if (u.assumed.length) parts.push(u.assumed.length + " more if illustrative links are right");
      if (u.maybe.length) parts.push(u.maybe.length + " more possibly");
      const more = [];
      const plus = sure ? " more" : "";
      if (u.targetsAssumed.length) more.push(u.targetsAssumed.length + plus + " if illustrative links are right");
      if (perhaps) more.push(perhaps + (sure || u.targetsAssumed.length ? " more" : "") + " possibly");
      box.append(strong(u.label), denies ? " denies its supplies: " : " is lost: ",
        parts.join(", ") + "; ", strong(sure + " of " + count(targets.length, "target") + " " +
          (sure === 1 ? "stops" : "stop")), more.length ? ", " + more.join(", ") + "." : ".");
      return;
    }
    const idle = nodes.filter((n) => n.idle).length;
    const stopped = targets.filter((t) => nodes[t].idle).length;
    const shown = now.match.filter(Boolean).length;
    box.append("Nothing is lost: " + (nodes.length - idle) + " of " + count(nodes.length,
      data.grouped ? "group" : "node") + " run on record" + (data.on ? " on " + data.on : "") + ". ");
    // What is unknown is part of the state: a target that may be down does not count as running.
    const shaky = new Set(answers.filter((a) => a.status === "possibly_stopped").map((a) => a.target)).size;
    const runs = targets.length - stopped - shaky;
    const may = "may already be down if gaps go badly or illustrative needs go unmet";
    if (targets.length === 1) {
      box.append(stopped ? "The target is already stopped." : shaky ? "The target " + may + "." :
        "The target runs.");
    } else {
      const parts = [[runs, "run"], [shaky, may], [stopped, stopped === 1 ? "is already stopped" :
        "are already stopped"]].filter(([n]) => n);
      box.append("Of " + targets.length + " targets, " + parts.map(([n, words]) => n + " " + (n === 1 &&
        words === "run" ? "runs" : words)).join("; ") + ".");
    }
    if (shown < nodes.length) box.append(" " + shown + " match the filter.");
  }
  function loseTargets() {
    const box = empty(byId("lose-targets"));
    const left = data.unlisted[state.by];
    if (left) box.append(el("p", { class: "small" }, count(left, "unit") + " of this kind, named in no " +
      "set below, " + (left === 1 ? "is" : "are") + " not listed: what goes dark with each of them was not worked out."));
    if (state.cut >= 0 || !now.effect) {
      box.append(el("p", { class: "small" }, state.cut >= 0
        ? "A set from the list below is shown." : "Choose a unit to see who goes dark."));
      return;
    }
    const list = el("ul", { "aria-label": "Targets that stop" });
    now.effect.targets.forEach((t) => list.append(el("li", { class: "chip stop" }, "○ ", nodeButton(t))));
    now.effect.targetsAssumed.forEach((t) => list.append(el("li", { class: "chip" }, "○ ", nodeButton(t),
      " assumed")));
    now.effect.targetsMaybe.forEach((t) => list.append(el("li", { class: "chip maybe" }, "~ ", nodeButton(t),
      " possibly")));
    if (list.childElementCount) box.append(list);
    else box.append(el("p", { class: "small" }, "No target on record stops through this loss alone. " +
      "That says nothing of what is not recorded."));
  }

  function cutList() {
    const answer = answerOf(state.cutTarget, state.cutBy);
    const list = empty(byId("cut-list"));
    const status = byId("cut-status");
    if (!answer) { status.textContent = "Not asked."; return; }
    const found = { certain: 0, assumed: 0, possible: 0 };
    answer.sets.forEach((s) => { found[s.certainty] += 1; });
    const words = Object.entries(found).filter(([, n]) => n).map(([w, n]) => n + " " + w).join(", ");
    const unit = BY_WORDS.get(answer.by) || answer.by;
    const first = answer.status === "already_stopped" ? "It is stopped with nothing lost. " :
      answer.status === "possibly_stopped" ? "It may be down with nothing lost, if all gaps go badly " +
        "at once or illustrative needs go unmet. " : "";
    const extra = answer.shortened ? " " + answer.shortened + " more are not listed here." : "";
    const bound = (answer.complete ? "Search complete up to " + answer.maxOrder + " together" :
      "Search complete only up to " + answer.completeTo + " together, more may exist") +
      (answer.possibleTo < answer.maxOrder ? "; sets that need a gap only up to " +
        answer.possibleTo + ", more may exist." : ".");
    status.textContent = first + (words ? "Minimal sets by " + unit + ": " + words + ". " :
      "No set of up to " + answer.maxOrder + " on record stops it. ") + bound + extra +
      (answer.own.length ? " Own, taking no part: " + answer.own.join(", ") + "." : "");
    answer.sets.forEach((set, k) => {
      const button = el("button", { type: "button", "aria-pressed": String(state.cut === k),
        onclick: () => chooseCut(state.cut === k ? -1 : k) },
        el("span", { class: "tag " + set.certainty }, set.certainty),
        el("span", { class: "who" }, set.labels.join(" + ") || "nothing lost at all"));
      if (set.gaps.length) button.append(el("span", { class: "if" }, "if this goes badly: " + set.gaps.join("; and ")));
      list.append(el("li", {}, button));
    });
    answer.blind.forEach((gap) => list.append(el("li", { class: "small" },
      el("span", { class: "tag possible" }, "blind spot"), " " + gap)));
  }

  function details() {
    const box = empty(byId("details"));
    document.querySelector(".side").classList.toggle("chosen", state.node >= 0 || state.link >= 0);
    if (state.link >= 0) { linkDetails(box); return; }
    if (state.node < 0) {
      box.append(el("p", { class: "small" },
        "Choose a node in the picture, in the table or by search. With the picture in focus, the " +
        "arrow keys walk along the links. A click on a line shows what runs along it. " +
        (nodes.length > FEW ? "Names show on hover, and all of them closer up; " : "") +
        "Ctrl and the wheel zoom, dragging moves the picture."));
      return;
    }
    const i = state.node;
    const n = nodes[i];
    const title = el("p", { class: "title" }, n.name);
    title.dir = "auto";
    box.append(title);
    if (n.id !== n.name) box.append(el("p", { class: "small" }, n.id));
    const trace = el("div", { class: "trace", role: "group", "aria-label": "Trace" });
    [["up", "← Upstream"], ["down", "Downstream →"], ["both", "Both"], ["none", "No trace"]]
      .forEach(([dir, label]) => trace.append(el("button", { type: "button",
        "aria-pressed": String(state.dir === dir), onclick: () => { state.dir = dir; update(); focusTrace(dir); } },
        label)));
    box.append(trace);
    if (n.idle) box.append(el("p", { class: "gap" }, "Does not run with nothing lost: " + n.idle));
    const s = now.states[i];
    if (now.effect && s && s !== "idle") box.append(el("p", { class: "gap" }, "In this scenario: " + STATE_WORDS[s]));
    const list = el("dl");
    const row = (label, value) => {
      if (value === null || value === "" || value === undefined) return;
      const dd = el("dd", {}, value);
      dd.dir = "auto";
      list.append(el("dt", {}, label), dd);
    };
    const unknown = data.grouped ? null : "not recorded";
    row("Stage", n.stage || unknown);
    row("Country", n.country ? n.countryName + (n.countryName === n.country ? "" : " (" + n.country + ")") : unknown);
    row("Operator", n.operator);
    row("Owner", n.owner);
    row("Controller", n.controller ? n.controllerName : unknown);
    if (n.levers.length) row("Levers", el("ul", {}, ...n.levers.map((l) => el("li", {}, l))));
    row("Kind", n.kind);
    row("Makes", n.makes.join(", "));
    n.facts.forEach(([label, value]) => row(label, value));
    row("Confidence", n.confidence || unknown);
    if (!n.target && n.stops.some(Boolean)) row("Lost alone", "stops " + ["certain", "assumed", "possible"]
      .map((word, k) => [n.stops[k], word]).filter(([c]) => c).map(([c, word]) => c + " " + word).join(", ") +
      " of " + count(targets.length, "target"));
    row("Note", n.note);
    box.append(list);
    if (n.needs.length) {
      const needs = el("ul");
      n.needs.forEach((need) => {
        const item = el("li", {}, el("b", {}, need.need), ": ");
        if (!need.modelled) item.append("not evaluated");
        need.from.forEach((from, k) => item.append(k ? ", or " : "", nodeButton(from)));
        if (need.modelled && !need.from.length) item.append(need.open ? "no supplier named" :
          "no supplier delivers on this date");
        if (need.open) item.append(need.from.length ? ", or someone not recorded" : "");
        needs.append(item);
      });
      box.append(el("h3", {}, "Needs (all of these)"), needs);
    }
    const feeds = out[i].filter((k) => links[k].live);
    if (feeds.length) box.append(el("h3", {}, "Supplies"), el("ul", {}, ...feeds.map((k) =>
      el("li", {}, nodeButton(links[k].to, materials(k))))));
    if (n.gaps.length) {
      box.append(el("h3", {}, "Not known"));
      n.gaps.forEach((gap) => box.append(el("p", { class: "gap" }, "? ", gap)));
    }
    sources(box, n.refs);
  }
  function focusTrace(dir) {
    const order = ["up", "down", "both", "none"];
    const buttons = byId("details").querySelectorAll(".trace button");
    const button = buttons[order.indexOf(dir)];
    if (button) button.focus({ preventScroll: true });
  }
  function materials(k) {
    return [...new Set(links[k].rows.filter((r) => r.live || !links[k].live).map((r) => r.material ||
      "material not recorded"))].join(", ");
  }
  function linkDetails(box) {
    const link = links[state.link];
    box.append(el("p", { class: "title" }, nodeButton(link.from), " → ", nodeButton(link.to)));
    if (link.back) box.append(el("p", { class: "small" }, "Runs against the order of the stages (recycling or return)."));
    link.rows.forEach((r) => {
      const list = el("dl");
      const row = (label, value) => { if (value) list.append(el("dt", {}, label), el("dd", {}, value)); };
      row("Material", r.material || "not recorded");
      row("Share", r.share);
      row("Qualified", r.qualified === "unknown" ? "not known" : r.qualified);
      row("Period", r.period);
      row("On this date", r.live ? "delivers" : "does not deliver");
      row("Confidence", r.confidence === "illustrative" ? "illustrative: assumed, not documented" : r.confidence);
      row("Note", r.note);
      box.append(list);
      sources(box, r.refs);
    });
  }
  function sources(box, refs) {
    if (!refs.length) return;
    box.append(el("h3", {}, "Sources"), el("ul", {}, ...refs.map((k) => {
      const ref = data.refs[k];
      const rest = [ref.publisher, ref.date].filter(Boolean).join(", ");
      const title = ref.url ? el("a", { href: ref.url, rel: "noopener noreferrer", target: "_blank" },
        ref.title) : el("span", {}, ref.title);
      title.dir = "auto";
      return el("li", {}, title, rest ? " – " + rest : "", ref.raw ? " – " + ref.raw : "");
    })));
  }

  // ---- legend ---------------------------------------------------------------------------------
  function swatch(draw) {
    const canvas = el("canvas", { "aria-hidden": "true", width: 52, height: 36 });
    const ctx = canvas.getContext("2d");
    ctx.scale(2, 2);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    draw(ctx);
    return canvas;
  }
  function figure(ctx, shape, x, y, r) {
    ctx.beginPath();
    if (shape === "dot") ctx.arc(x, y, r, 0, 7);
    else if (shape === "square") ctx.rect(x - r, y - r, 2 * r, 2 * r);
    else {
      const star = shape === "star";
      const sides = star ? 10 : shape === "triangle" ? 3 : shape === "hexagon" ? 6 : 4;
      const turn = shape === "hexagon" ? 0 : -Math.PI / 2;
      for (let k = 0; k < sides; k += 1) {
        const a = turn + (k * 2 * Math.PI) / sides;
        const q = star && k % 2 ? r * 0.45 : r;
        ctx.lineTo(x + q * Math.cos(a), y + q * Math.sin(a));
      }
      ctx.closePath();
    }
  }
  function disc(fillColour, lineColour, dashes, then) {
    return swatch((ctx) => {
      figure(ctx, "dot", 13, 9, 7);
      ctx.fillStyle = fillColour;
      ctx.fill();
      ctx.strokeStyle = lineColour;
      ctx.lineWidth = 1.4;
      ctx.setLineDash(dashes || []);
      ctx.stroke();
      ctx.setLineDash([]);
      if (then) then(ctx);
    });
  }
  function stroke(dashes, colour, width) {
    return swatch((ctx) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.setLineDash(dashes);
      ctx.beginPath();
      ctx.moveTo(1, 9);
      ctx.lineTo(25, 9);
      ctx.stroke();
    });
  }
  function legend() {
    const box = empty(byId("legend"));
    const row = (name, items) => {
      if (items.length) box.append(el("div", { class: "row" }, el("span", { class: "name" }, name), ...items));
    };
    const item = (mark, label) => el("span", { class: "item" }, mark, label);
    const which = state.colour;
    row(which === "country" ? "Country" : "Controller", data.colourings[which].map((entry) => {
      const key = entry.hue === -2 ? "?" : entry.key;
      const mark = disc(hueOf(entry), entry.hue === -2 ? ink["unknown-line"] : hueOf(entry), [],
        entry.hue === -2 ? (ctx) => hatch(ctx, 13, 9, 7, ink["unknown-line"]) : (ctx) => {
          if (!entry.key) return;
          ctx.fillStyle = ink["on-hue"];
          ctx.font = "600 7px " + ink.font;
          ctx.fillText(entry.key.slice(0, 3).toUpperCase(), 13, 9.5);
        });
      const label = [mark, entry.label + " ", el("span", { class: "count" }, entry.count)];
      if (key === null) return el("span", { class: "item" }, ...label);
      return el("button", { type: "button", class: "item", title: "Show only these",
        "aria-pressed": String(state[which] === key), onclick: () => {
          state[which] = state[which] === key ? "" : key;
          byId("f-" + which).value = state[which];
          update();
        } }, ...label);
    }));
    const kinds = [...new Set(spots.map((p) => p.shape))].sort();
    row("Shape", [...kinds.map((shape) => item(swatch((ctx) => {
      figure(ctx, shape, 13, 9, shape === "square" ? 6 : 7.5);
      ctx.fillStyle = ink.other;
      ctx.fill();
    }), KIND_WORDS.get(shape) || shape)),
    item(swatch((ctx) => {
      ctx.fillStyle = ink.other;
      figure(ctx, "dot", 6, 9, 4); ctx.fill();
      figure(ctx, "dot", 18, 9, 7.5); ctx.fill();
    }), "bigger: lost alone, it stops more targets")]);
    row("Lines", [
      item(stroke([], ink.edge, 1.8), "recorded"),
      links.some((l) => l.illustrative) ? item(stroke([1.5, 4], ink.edge, 1.8), "illustrative: assumed, not documented") : null,
      links.some((l) => l.back) ? item(stroke([7, 4], ink.edge, 1.8), "against the flow (recycling)") : null,
      links.some((l) => !l.live) ? item(stroke([], ink["edge-faint"], 0.7), "not on this date") : null,
    ].filter(Boolean));
    row("Marks", [
      nodes.some((n) => n.unknownInputs) ? item(disc(ink["maybe-soft"], ink.maybe, [], (ctx) => {
        ctx.fillStyle = ink.maybe;
        ctx.font = "700 10px " + ink.font;
        ctx.fillText("?", 13, 9.5);
      }), "unknown inputs or suppliers") : null,
      nodes.some((n) => n.confidence === "illustrative") ? item(disc(ink.card, ink.hue0, [3, 2.2]), "illustrative node") : null,
      nodes.some((n) => n.idle) ? item(disc(ink.card, ink["unknown-line"]), "not running on this date") : null,
      item(disc(ink.lost, ink.lost, [], (ctx) => mark(ctx, "lost", 13, 9, 8)), "lost"),
      item(disc(ink.dark, ink.dark, [], (ctx) => mark(ctx, "dark", 13, 9, 7)), "goes dark"),
      item(disc(ink.card, ink.dark, [], (ctx) => mark(ctx, "assumed", 13, 9, 7)), "dark if illustrative links are right"),
      item(disc(ink["maybe-soft"], ink.maybe, [2.5, 2], (ctx) => mark(ctx, "maybe", 13, 9, 7)), "possibly dark"),
      item(swatch((ctx) => {
        ctx.strokeStyle = ink.ring;
        ctx.lineWidth = 1.3;
        [5, 7.8].forEach((r) => { ctx.beginPath(); ctx.arc(13, 9, r, 0, 7); ctx.stroke(); });
      }), "in the cut set"),
    ].filter(Boolean));
  }

  // ---- table ----------------------------------------------------------------------------------
  const COLUMNS = [
    ["name", "Node", (i) => nodes[i].name], ["stage", "Stage", (i) => nodes[i].stage || ""],
    ["country", "Country", (i) => nodes[i].country || ""],
    ["operator", "Operator", (i) => nodes[i].operator || ""],
    ["controller", "Controller", (i) => (!nodes[i].controller || nodes[i].controller.length === 2
      ? nodes[i].controller || "" : nodes[i].controllerName)],
    ["confidence", "Confidence", (i) => nodes[i].confidence || ""],
    ["gaps", "Gaps", (i) => nodes[i].gaps.length],
    ["stops", "Stops", (i) => nodes[i].stops[0]],
    ["assumed", "Assumed", (i) => nodes[i].stops[1]],
    ["possibly", "Possibly", (i) => nodes[i].stops[2]],
    ["state", "State", (i) => STATE_WORDS[now.states[i]] || (nodes[i].idle ? "not running" : "runs")],
  ].filter(([key]) => !(data.grouped && (key === "operator" || key === "confidence")));
  const NUMBERS = new Set(["gaps", "stops", "assumed", "possibly"]);
  const head = byId("table").tHead;
  head.append(el("tr", {}, ...COLUMNS.map(([key, label]) => el("th", { scope: "col" },
    el("button", { type: "button", onclick: () => {
      state.down = state.sort === key ? !state.down : NUMBERS.has(key);
      state.sort = key;
      table();
    } }, label)))));
  const reading = nodes.map((n, i) => i).sort((a, b) =>
    (laneOrder.get(nodes[a].stage) ?? 1e12) - (laneOrder.get(nodes[b].stage) ?? 1e12) ||
    spots[a].y - spots[b].y || spots[a].x - spots[b].x || a - b);
  function rowsShown() {
    // As in the picture: stage by stage, from the top.
    const shown = reading.filter((i) => now.match[i]);
    const column = COLUMNS.find(([key]) => key === state.sort);
    if (column) {
      const sign = state.down ? -1 : 1;
      shown.sort((a, b) => {
        const x = column[2](a);
        const y = column[2](b);
        return x === y ? reading.indexOf(a) - reading.indexOf(b) : x < y ? -sign : sign;
      });
    }
    return shown;
  }
  const LONGEST = 1000;
  function table() {
    const shown = rowsShown();
    [...head.rows[0].cells].forEach((cell, k) => {
      if (COLUMNS[k][0] === state.sort) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    const body = empty(byId("table").tBodies[0]);
    shown.slice(0, LONGEST).forEach((i) => {
      const row = el("tr", i === state.node ? { class: "chosen" } : {});
      COLUMNS.forEach(([key, , value], k) => {
        if (k === 0) { row.append(el("th", { scope: "row" }, nodeButton(i, nodes[i].target ? "target" : ""))); return; }
        const cell = el("td", NUMBERS.has(key) ? { class: "num" } : {});
        if (key === "state") cell.append(el("span", { class: "state " + now.states[i] }, value(i)));
        else cell.append(value(i) === "" ? "–" : String(value(i)));
        if (!NUMBERS.has(key)) cell.dir = "auto";
        row.append(cell);
      });
      body.append(row);
    });
    byId("table-count").textContent = (shown.length === nodes.length ? "" : shown.length + " of ") +
      count(nodes.length, data.grouped ? "group" : "node") +
      (shown.length > LONGEST ? "; the first " + LONGEST + " are shown, the file has all" : "");
  }
  function csvCell(value) {
    let text = String(value);
    if (typeof value === "string" && /^'*[=+\-@\t\r\n＝＋－＠]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  const fileName = (data.name || "network").replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60);
  byId("save-csv").addEventListener("click", () => {
    const lines = [["id", ...COLUMNS.map(([key]) => key)].join(",")];
    rowsShown().forEach((i) => lines.push([nodes[i].id, ...COLUMNS.map(([, , value]) => value(i))]
      .map(csvCell).join(",")));
    save(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" }), fileName + ".csv");
  });
  // The picture with its headings, for a file or for paper: the headings are no part of the canvas.
  function snapshot(words) {
    const canvas = byId("net").querySelector("canvas");
    const ratio = canvas.width / canvas.clientWidth;
    const copy = document.createElement("canvas");
    const top = words ? 46 : 0;
    copy.width = canvas.width;
    copy.height = canvas.height + (words ? top + 34 : 0) * ratio;
    const ctx = copy.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.fillStyle = ink.card;
    ctx.fillRect(0, 0, copy.width, copy.height);
    ctx.drawImage(canvas, 0, top, canvas.clientWidth, canvas.clientHeight);
    if (words) {
      ctx.fillStyle = ink.ink;
      ctx.font = "600 16px " + ink.font;
      ctx.fillText(data.title, 14, 28, canvas.clientWidth - 28);
      ctx.font = "12px " + ink.font;
      ctx.fillStyle = ink.muted;
      ctx.fillText(byId("sentence").textContent + " [" + (data.on || data.asOf || "no date") +
        ", data " + data.digest.slice(0, 12) + "]", 14, top + canvas.clientHeight + 20,
      canvas.clientWidth - 28);
    }
    const v = view(canvas.getContext("2d"));
    ctx.textAlign = "center";
    ctx.fillStyle = ink.muted;
    ctx.font = "600 11px " + ink.font;
    data.lanes.forEach((lane) => {
      const p = v.at(lane);
      ctx.fillText(lane.label, p.x + (lane.w * v.scale) / 2, top + Math.max(12, p.y + 14),
        lane.w * v.scale + 20);
    });
    return copy;
  }
  byId("save-png").addEventListener("click", () => {
    snapshot(true).toBlob((blob) => { if (blob) save(blob, fileName + ".png"); }, "image/png");
  });

  // ---- gaps -----------------------------------------------------------------------------------
  (function () {
    byId("gaps-count").textContent = count(data.gaps.length, "gap");
    const box = byId("gaps");
    if (!data.gaps.length) { box.append(el("p", { class: "small" }, "No gap is recorded on this date.")); return; }
    box.append(el("ul", {}, ...data.gaps.map((gap) => el("li", {}, gap.node === null ? gap.text :
      el("button", { type: "button", class: "link", onclick: () => choose(gap.node, true) }, gap.text)))));
  })();

  // ---- choosing -------------------------------------------------------------------------------
  function choose(i, look) {
    state.node = i;
    state.link = -1;
    if (i >= 0 && state.dir === "none") state.dir = "both";
    if (i >= 0 && look) lookAt(i);
    update();
  }
  function chooseCut(k) {
    state.cut = k;
    if (k >= 0) { state.unit = -1; state.node = -1; state.link = -1; }
    fillUnits();
    update();
    const pressed = byId("cut-list").querySelectorAll("button")[k];
    if (pressed) pressed.focus({ preventScroll: true });
  }
  function chooseUnit(k) {
    state.unit = k;
    if (k >= 0) { state.cut = -1; state.node = -1; state.link = -1; }
    update();
  }
  network.on("click", (event) => {
    if (event.nodes.length) choose(Number(event.nodes[0].slice(1)), false);
    else if (event.edges.length) {
      state.link = Number(event.edges[0].slice(1));
      state.node = -1;
      update();
    } else if (state.node >= 0 || state.link >= 0) choose(-1, false);
  });
  // The wheel scrolls the page, as everywhere else; with Ctrl (or a pinch, which says Ctrl) it zooms.
  let hint = 0;
  byId("frame").addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    byId("wheel-hint").dataset.on = "1";
    clearTimeout(hint);
    hint = setTimeout(() => { delete byId("wheel-hint").dataset.on; }, 900);
  }, { capture: true, passive: true });
  network.on("hoverNode", (event) => { hovered = Number(event.node.slice(1)); network.redraw(); });
  network.on("blurNode", () => { hovered = -1; network.redraw(); });

  byId("search").addEventListener("change", find);
  byId("search").addEventListener("keydown", (event) => { if (event.key === "Enter") find(); });
  function find() {
    const text = byId("search").value.trim().toLowerCase();
    if (!text) return;
    const exact = nodes.findIndex((n) => n.name.toLowerCase() === text || n.id.toLowerCase() === text);
    const near = exact >= 0 ? exact : nodes.findIndex((n) => n.name.toLowerCase().includes(text) ||
      n.id.toLowerCase().includes(text));
    if (near >= 0) { if (near !== state.node) choose(near, true); }
    else byId("sentence").textContent = "No node is called that.";
  }
  const on = (id, then) => byId(id).addEventListener("change", () => { then(byId(id).value); update(); });
  on("colour", (v) => { state.colour = v; });
  on("f-country", (v) => { state.country = v; });
  on("f-stage", (v) => { state.stage = v; });
  on("f-controller", (v) => { state.controller = v; });
  on("f-target", (v) => { state.target = Number(v); });
  byId("lose-by").addEventListener("change", () => {
    state.by = byId("lose-by").value;
    state.unit = -1;
    fillUnits();
    update();
  });
  byId("lose-unit").addEventListener("change", () => chooseUnit(Number(byId("lose-unit").value)));
  byId("cut-target").addEventListener("change", () => { state.cutTarget = Number(byId("cut-target").value); state.cut = -1; update(); });
  byId("cut-by").addEventListener("change", () => { state.cutBy = byId("cut-by").value; state.cut = -1; update(); });
  byId("reset").addEventListener("click", () => {
    Object.assign(state, blank());
    byId("search").value = "";
    controls();
    fitAll();
    update();
  });
  byId("zoom-in").addEventListener("click", () => network.moveTo({ scale: network.getScale() * 1.35 }));
  byId("zoom-out").addEventListener("click", () => network.moveTo({ scale: network.getScale() / 1.35 }));
  byId("zoom-fit").addEventListener("click", fitAll);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("all-nodes").focus();
    byId("all-nodes").scrollIntoView();
  });

  const frame = byId("net").querySelector(".vis-network") || byId("net");
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", "Picture of the network. Arrow keys walk along the links, " +
    "Escape clears. The node table below says the same in words.");
  frame.addEventListener("keydown", (event) => {
    const i = state.node;
    const start = targets.length ? targets[0] : 0;
    let next = -1;
    if (event.key === "Escape") { choose(-1, false); return; }
    if (event.key === "+" || event.key === "-") {
      network.moveTo({ scale: network.getScale() * (event.key === "+" ? 1.35 : 1 / 1.35) });
      return;
    }
    if (!event.key.startsWith("Arrow") || !nodes.length) return;
    event.preventDefault();
    if (i < 0) next = start;
    else if (event.key === "ArrowLeft") next = into[i].length ? links[into[i][0]].from : i;
    else if (event.key === "ArrowRight") next = out[i].length ? links[out[i][0]].to : i;
    else {
      const peers = nodes.map((n, k) => k).filter((k) => nodes[k].stage === nodes[i].stage)
        .sort((a, b) => spots[a].y - spots[b].y || spots[a].x - spots[b].x);
      const step = event.key === "ArrowDown" ? 1 : -1;
      next = peers[(peers.indexOf(i) + step + peers.length) % peers.length];
    }
    choose(next, true);
  });

  // ---- the address: only known keys with known values -----------------------------------------
  const nodeByKey = new Map(nodes.map((n, i) => [n.id, i]));
  function writeHash() {
    const parts = [];
    const put = (key, value) => parts.push(key + "=" + encodeURIComponent(value));
    if (state.colour !== "country") put("colour", state.colour);
    if (state.country) put("country", state.country);
    if (state.stage) put("stage", state.stage);
    if (state.controller) put("controller", state.controller);
    if (state.target >= 0) put("feeds", nodes[state.target].id);
    if (state.unit >= 0) { put("by", state.by); put("lose", data.units[state.by][state.unit].key); }
    if (state.cut >= 0 || state.cutTarget !== firstTarget() || state.cutBy !== firstCutBy()) {
      put("target", nodes[state.cutTarget].id);
      put("per", state.cutBy);
    }
    if (state.cut >= 0) put("cut", state.cut + 1);
    if (state.node >= 0) { put("node", nodes[state.node].id); if (state.dir !== "both") put("trace", state.dir); }
    const text = "#" + parts.join("&");
    if (text !== (location.hash || "#")) history.replaceState(null, "", text);
  }
  function readHash() {
    const given = new Map();
    location.hash.slice(1).split("&").forEach((part) => {
      const at = part.indexOf("=");
      if (at < 1) return;
      try { given.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1))); } catch (error) {
        if (!(error instanceof URIError)) throw error;
      }
    });
    Object.assign(state, blank());
    const offered = (id, value) => [...byId(id).options].some((o) => o.value === value);
    const known = (key, allowed) => (given.has(key) && allowed(given.get(key)) ? given.get(key) : null);
    state.colour = known("colour", (v) => v === "controller") || "country";
    state.country = known("country", (v) => offered("f-country", v)) || "";
    state.stage = known("stage", (v) => offered("f-stage", v)) || "";
    state.controller = known("controller", (v) => offered("f-controller", v)) || "";
    const feeds = known("feeds", (v) => nodeByKey.has(v) && nodes[nodeByKey.get(v)].target);
    if (feeds) state.target = nodeByKey.get(feeds);
    const by = known("by", (v) => Object.keys(data.units).includes(v));
    if (by) {
      state.by = by;
      state.unit = data.units[by].findIndex((u) => u.key === given.get("lose"));
    }
    const target = known("target", (v) => nodeByKey.has(v) && nodes[nodeByKey.get(v)].target);
    const per = known("per", (v) => answers.some((a) => a.by === v));
    if (target && per) {
      state.cutTarget = nodeByKey.get(target);
      state.cutBy = per;
      const answer = answerOf(state.cutTarget, per);
      const number = Number(given.get("cut"));
      if (answer && Number.isInteger(number) && number >= 1 && number <= answer.sets.length) {
        state.cut = number - 1;
        state.unit = -1;
      }
    }
    const node = known("node", (v) => nodeByKey.has(v));
    if (node) {
      state.node = nodeByKey.get(node);
      state.dir = known("trace", (v) => ["up", "down", "none"].includes(v)) || "both";
    }
  }
  function controls() {
    byId("colour").value = state.colour;
    byId("f-country").value = state.country;
    byId("f-stage").value = state.stage;
    byId("f-controller").value = state.controller;
    byId("f-target").value = String(state.target);
    byId("lose-by").value = state.by;
    byId("cut-target").value = String(state.cutTarget);
    byId("cut-by").value = state.cutBy;
    fillUnits();
  }
  function update() {
    paint();
    sentence();
    loseTargets();
    cutList();
    details();
    legend();
    table();
    byId("lose-unit").value = String(state.unit);
    writeHash();
  }
  window.addEventListener("hashchange", () => { readHash(); controls(); update(); });
  function repaint() { readInk(); shadowNodes = nodes.map(() => ""); shadowLinks = links.map(() => ""); update(); }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  window.addEventListener("beforeprint", () => { 
    document.documentElement.dataset.print = "1";
    repaint();
    const copy = snapshot(false);
    copy.id = "paper";
    copy.setAttribute("role", "img");
    copy.setAttribute("aria-label", "Picture of the network");
    byId("frame").append(copy);
  });
  window.addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    const copy = byId("paper");
    if (copy) copy.remove();
    repaint();
  });
  let wide = 0;
  new ResizeObserver(() => {
    const width = byId("net").clientWidth;
    if (Math.abs(width - wide) > 4) { wide = width; fitAll(); }
  }).observe(byId("net"));

  readHash();
  controls();
  fitAll();
  update();
})();
