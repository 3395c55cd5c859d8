/* Draws the figures of includes/_chart.html with echarts. The table below each figure holds the same numbers; without
   script it is simply open. Shapes (see templates/README.md): kind, unit, columns, rows, and per kind limit, markers, scale,
   urls. A figure with data-table-on-phone gives way there to its table, one with data-keep-table leaves it open. */
(() => {
  "use strict";

  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const colours = {
    ink: token("--sj-ink"), ink2: token("--sj-ink-2"), ink3: token("--sj-ink-3"), line: token("--sj-line"),
    blue: token("--sj-blue-600"), pale: token("--sj-blue-100"), limit: token("--sj-violation-ink"), nodata: token("--sj-nodata-mark"), white: "#ffffff",
  };
  const SERIES = ["--sj-blue-700", "--sj-warning-mark", "--sj-compliant-mark", "--sj-exempt-mark", "--sj-violation-mark", "--sj-notice-mark"].map(token);
  const SEQUENCE = ["#f3f6fa", "#cfe0f1", "#94bbe2", "#4b87c5", "#1c5ba3", "#0c2f59"];
  const SEVERITY = [token("--sj-compliant-soft"), token("--sj-notice-mark"), token("--sj-warning-mark"), token("--sj-violation-mark"), token("--sj-critical-mark")];
  const GROUNDS = { compliant: "compliant-soft", exempt: "exempt-mark", notice: "notice-mark", warning: "warning-mark", violation: "violation-mark", critical: "critical-mark" };
  const SIGN = (name) => token(`--sj-${name}-mark`) || colours.blue;
  const FONT = token("--sj-font");
  const LABEL = { backgroundColor: "rgba(255,255,255,0.85)", padding: [1, 2] };  // the line of an average runs behind it
  const text = (size = 13, colour = colours.ink2) => ({ fontFamily: FONT, fontSize: size, color: colour });

  function hatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = "#f0f2f5";
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = "#b9c2cd";
    pen.lineWidth = 1.4;
    for (const shift of [-8, 0, 8]) {
      pen.beginPath();
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
      pen.stroke();
    }
    return { image: tile, repeat: "repeat" };
  }

  const tooltip = (formatter, trigger = "item") => ({
    trigger, formatter, confine: true, backgroundColor: colours.white, borderColor: colours.line, padding: [8, 12],
    textStyle: text(13, colours.ink),
  });
  const number = (value) => Number(value).toLocaleString("zh-CN", { maximumFractionDigits: 2 });
  const withUnit = (value, unit) => (value === null ? "数据不足" : `${number(value)}${unit ? ` ${unit}` : ""}`);
  const plain = (value) => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const base = () => ({ animation: false, textStyle: text() });  // the figure has its own label; that of echarts is English

  /* Ranked bars: rows [label, value, sign?, url?], in the order given; direct labels, so no value axis. */
  function bars(chart) {
    // What is not known has a hatched bar of a fixed length: it must not look like nothing.
    const unknown = Math.max(1, chart.to ?? 0, ...chart.rows.map((row) => row[1] ?? 0)) * 0.16;
    return {
      ...base(),
      grid: { left: 8, right: 64, top: 4, bottom: chart.limit ? 22 : 0, containLabel: true },
      tooltip: tooltip((point) => `${plain(point.name)}<br><b>${withUnit(chart.rows[point.dataIndex][1], chart.unit)}</b>`),
      xAxis: { type: "value", show: false, min: 0, max: chart.to },
      yAxis: categories(chart),
      series: [{
        type: "bar", barMaxWidth: 18, barCategoryGap: "34%", barMinHeight: 2,
        data: chart.rows.map((row) => ({ value: row[1] ?? unknown, itemStyle: { color: row[1] === null ? hatch() : row[2] ? SIGN(row[2]) : colours.blue, borderRadius: [0, 3, 3, 0] } })),
        label: { show: true, position: "right", ...text(13, colours.ink), fontWeight: 600, ...LABEL, formatter: (point) => withUnit(chart.rows[point.dataIndex][1], "") },
        markLine: limitLine(chart, "xAxis"),
      }],
    };
  }

  function limitLine(chart, axis) {
    if (!chart.limit) return undefined;
    return {
      silent: true, symbol: "none", lineStyle: { color: colours.limit, type: "dashed", width: 1.5 },
      label: { ...text(12, colours.limit), formatter: chart.limit.label, position: axis === "xAxis" ? "end" : "insideStartTop" },
      data: [{ [axis]: chart.limit.value }],
    };
  }

  /* Parts of a whole, one bar a row: columns [label, part…], rows [label, share | null…], signs of the parts, sums and urls
     of the rows. What is not known comes first and is hatched; the label is the sum. */
  function shares(chart) {
    const names = chart.columns.slice(1);
    const sums = chart.sums;
    const last = names.length - 1;
    const fill = (index) => (chart.signs[index] === "nodata" ? hatch() : SIGN(chart.signs[index]));
    return {
      ...base(),
      grid: { left: 8, right: 64, top: 4, bottom: chart.limit ? 22 : 0, containLabel: true },
      tooltip: tooltip((points) => [plain(points[0].name), ...points.map((point) => `${plain(point.seriesName)} <b>${withUnit(chart.rows[point.dataIndex][point.seriesIndex + 1], chart.unit)}</b>`)].join("<br>"), "axis"),
      xAxis: { type: "value", show: false, min: 0, max: Math.max(1, ...sums, chart.limit?.value ?? 0) },
      yAxis: categories(chart),
      series: names.map((name, index) => ({
        name, type: "bar", stack: "all", barMaxWidth: 18, barCategoryGap: "34%", cursor: "pointer",
        data: chart.rows.map((row) => ({ value: row[index + 1] ?? 0, itemStyle: { color: row[index + 1] === null ? hatch() : fill(index) } })),
        itemStyle: { borderColor: chart.signs[index] === "nodata" ? colours.nodata : "transparent", borderWidth: chart.signs[index] === "nodata" ? 0.5 : 0 },
        label: index < last ? undefined : { show: true, position: "right", ...text(13, colours.ink), fontWeight: 600, ...LABEL, formatter: (point) => (sums[point.dataIndex] === null ? "数据不足" : `${number(sums[point.dataIndex])}%`) },
        z: index < last ? 2 : 3, markLine: index ? undefined : { z: 2, ...limitLine(chart, "xAxis") },
      })),
    };
  }

  const categories = (chart, width = 150) => ({
    type: "category", inverse: true, data: chart.rows.map((row) => row[0]), axisLine: { show: false }, axisTick: { show: false },
    triggerEvent: Boolean(chart.urls || chart.row_urls), axisLabel: { ...text(13, colours.ink), width: narrow() ? 92 : width, overflow: "truncate", interval: 0 },
  });
  const narrow = () => window.innerWidth < 700;

  /* Heat grid: columns ["单位", week…], rows [unit, value | null…]; null is no data, hatched, never zero. With levels the
     values are outcomes, negative ones stay empty; hatched marks further cells of shares that rest on too little. */
  function heat(chart) {
    const levels = levelsOf(chart);
    const empty = hatch();
    const cells = chart.rows.flatMap((row, y) => row.slice(1).map((value, x) => [x, y, value]));
    return {
      ...base(),
      grid: { left: 8, right: 12, top: 4, bottom: 0, containLabel: true },
      tooltip: tooltip((cell) => cellWords(chart, levels, cell.data)),
      xAxis: { type: "category", position: "top", data: chart.columns.slice(1), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...text(12), hideOverlap: true } },
      yAxis: categories(chart, 140),
      series: [{
        type: "custom", data: cells, encode: { x: 0, y: 1 }, cursor: chart.urls ? "pointer" : "default",
        renderItem(params, api) {
          const [x, y, value] = cells[params.dataIndex];
          const [width, height] = api.size([1, 1]);
          const [cx, cy] = api.coord([x, y]);
          const shape = { x: cx - width / 2 + 1, y: cy - height / 2 + 1.5, width: width - 2, height: height - 3, r: 3 };
          const look = levels ? levels(value) : shareLook(chart, value, chart.hatched?.[y][x]);
          const words = look.mark === "" || width < 17 ? undefined : { style: { text: look.mark, fill: look.dark ? "#fff" : colours.ink, font: `12px ${FONT}` } };
          const square = { type: "rect", shape, style: { fill: look.hatched ? empty : look.fill, stroke: look.line, lineWidth: look.line ? 1 : 0 }, textContent: words, textConfig: { position: "inside" } };
          if (!look.corner) return square;
          const [left, bottom, size] = [shape.x, shape.y + shape.height, Math.min(11, shape.height / 2)];
          const corner = { type: "polygon", shape: { points: [[left, bottom - size], [left, bottom], [left + size, bottom]] }, style: { fill: "#fff", stroke: colours.ink2, lineWidth: 1 }, silent: true };
          return { type: "group", children: [square, corner] };
        },
      }],
    };
  }

  function cellWords(chart, levels, [x, y, value]) {
    const week = chart.column_words?.[x] ?? chart.columns[x + 1];
    const words = levels ? levels(value).word : withUnit(value, chart.unit);
    return `${plain(chart.rows[y][0])} · ${plain(week)}<br><b>${plain(words)}${chart.hatched?.[y][x] ? "，半数以上学校数据不足" : ""}</b>`;
  }

  /* How a value looks: fill, mark (its first character, since colour alone says nothing to some readers), word. */
  function levelsOf(chart) {
    if (!chart.levels) return null;
    const known = new Map([[null, { fill: "", hatched: true, mark: "缺", word: "数据不足" }]]);
    if (typeof chart.levels[0] === "string") {
      chart.levels.forEach((word, value) => known.set(value, { fill: SEVERITY[value], dark: value > 3, mark: value ? word.slice(0, 1) : "", word }));
      known.get(null).mark = "";
    } else {
      for (const { value, sign, mark, word } of chart.levels) {
        const isEmpty = sign === "empty";
        known.set(value, { fill: isEmpty ? colours.white : token(`--sj-${GROUNDS[sign]}`), line: isEmpty ? colours.line : undefined, hatched: value === null, mark, word, corner: value > 9 });
      }
    }
    return (value) => known.get(value) || known.get(null);
  }

  function shareLook(chart, value, isHatched) {
    if (value === null || value < 0) return { fill: value === null ? "" : colours.white, line: value === null ? undefined : colours.line, hatched: value === null, mark: "" };
    const most = chart.unit === "%" ? 100 : Math.max(1, ...chart.rows.flatMap((row) => row.slice(1)).filter((each) => each !== null));
    const step = value === 0 ? 0 : Math.max(1, Math.ceil((value / most) * (SEQUENCE.length - 1)));
    return { fill: SEQUENCE[step], dark: step >= 3 && !isHatched, hatched: isHatched, mark: number(value) };
  }

  /* Lines: columns [axis, series…], rows [x, value | null…]; markers [{x, label, kind, count}] where a standard (kind
     standard) or the calendar (kind calendar) changed; count is how many changes stand on the mark. */
  function line(chart) {
    const names = chart.columns.slice(1);
    const full = (index) => chart.column_words?.[index] ?? names[index];
    const rows = (points) => points.map((point) => `${point.marker}${plain(full(point.seriesIndex))} <b>${withUnit(point.value ?? null, chart.unit)}</b>`);
    return {
      ...base(),
      grid: { left: 12, right: names.length > 1 ? 72 : 24, top: chart.markers?.length ? 46 : 20, bottom: 8, containLabel: true },
      tooltip: tooltip((points) => [plain(points[0].axisValueLabel), ...rows(points)].join("<br>"), "axis"),
      xAxis: { type: "category", boundaryGap: false, data: chart.rows.map((row) => row[0]), axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: { ...text(12), hideOverlap: true } },
      yAxis: { type: "value", min: chart.from_zero === false ? undefined : 0, scale: chart.from_zero === false, max: chart.to, splitLine: { lineStyle: { color: colours.line } }, axisLabel: text(12) },
      series: names.map((name, index) => ({
        name, type: "line", data: chart.rows.map((row) => row[index + 1]), connectNulls: false, symbolSize: 6, lineStyle: { width: 2.5 }, color: SERIES[index],
        showSymbol: chart.rows.length < 30, endLabel: { show: names.length > 1, formatter: name, ...text(12, SERIES[index]), lineHeight: 16 },
        labelLayout: { moveOverlap: "shiftY" },
        markLine: index === 0 ? merged(limitLine(chart, "yAxis"), lettered(chart)) : undefined,
      })),
    };
  }

  /* The markers with what is written over them: where the words of neighbours would lie on each other, the first of
     them counts for all and the others keep their line alone. */
  function lettered(chart) {
    const step = (chart.width - 110) / Math.max(1, chart.rows.length - 1);
    const place = new Map(chart.rows.map((row, index) => [row[0], index * step]));
    const heads = {};
    const marks = (chart.markers || []).map((marker) => ({ ...marker, words: "", total: marker.count ?? 1 }));
    for (const mark of marks) {
      const head = heads[mark.kind];
      if (head && place.get(mark.x) - place.get(head.x) < 12 * (head.label.length + 4)) head.total += mark.total;
      else heads[mark.kind] = mark;
      heads[mark.kind].words = heads[mark.kind].label + (heads[mark.kind].total > 1 ? ` ${heads[mark.kind].total} 项` : "");
    }
    return marks;
  }

  function merged(limit, markers) {
    const changes = (markers || []).map((marker) => {
      const isCalendar = marker.kind === "calendar";
      const colour = isCalendar ? colours.ink3 : colours.blue;
      return {
        xAxis: marker.x, lineStyle: { color: colour, type: isCalendar ? "dotted" : "solid", width: 1.5 },
        label: { ...text(12, colour), fontWeight: isCalendar ? 400 : 600, formatter: marker.words, position: "end", distance: isCalendar ? 4 : 22 },
      };
    });
    if (!changes.length) return limit;
    return { silent: true, symbol: "none", ...limit, data: [...(limit?.data || []), ...changes] };
  }

  const KINDS = { bars, shares, heat, line };
  const rowHeight = (chart) => (chart.rows.length > 20 ? 26 : 32);
  const barsHeight = (chart) => 12 + chart.rows.length * rowHeight(chart) + (chart.limit ? 24 : 0);
  const HEIGHT = { bars: barsHeight, shares: barsHeight, heat: (chart) => 34 + chart.rows.length * 28, line: (chart) => (chart.markers?.length ? 320 : 280) };

  /* What the colours mean, and for lines with long names where each leads. */
  function keyEntries(chart) {
    if (chart.kind === "shares") return chart.columns.slice(1).map((word, index) => [word, chart.signs[index] === "nodata" ? "" : SIGN(chart.signs[index])]);
    if (chart.kind === "line") return (chart.column_words || []).map((word, index) => [word, SERIES[index], chart.column_urls?.[index]]);
    if (chart.kind !== "heat") return [];
    const levels = levelsOf(chart);
    if (!levels) return [["数据不足", ""], ["0", SEQUENCE[0]], ["少", SEQUENCE[1]], ["多", SEQUENCE[SEQUENCE.length - 1]]];
    const values = typeof chart.levels[0] === "string" ? chart.levels.map((_, value) => value) : chart.levels.map((level) => level.value).filter((value) => value !== null && value >= 0 && value < 10);
    return [["数据不足", ""], ...values.map((value) => [levels(value).word, levels(value).fill])];
  }

  function addKey(chart, figure) {
    const entries = keyEntries(chart);
    if (!entries.length) return;
    const key = document.createElement("ul");
    key.className = "sj-chart__key";
    for (const [word, colour, url] of entries) {
      const entry = document.createElement("li");
      const swatch = document.createElement("i");
      if (colour) swatch.style.setProperty("--key", colour);
      const label = document.createElement(url ? "a" : "span");
      if (url) label.href = url;
      label.textContent = word;
      entry.append(swatch, label);
      key.append(entry);
    }
    figure.querySelector(".sj-chart__canvas").after(key);
  }

  /* Where a cell, bar or row name leads; the same addresses stand as links in the table of the figure. */
  function follow(plot, chart) {
    const go = (url) => url && window.location.assign(url);
    plot.on("click", (point) => {
      if (point.componentType === "yAxis") return go((chart.row_urls || chart.urls)?.[chart.rows.findIndex((row) => row[0] === point.value)]);
      if (chart.kind === "heat") return chart.urls && go(chart.urls[point.data[1]][point.data[0]]);
      return go(chart.urls ? chart.urls[point.dataIndex] : chart.rows[point.dataIndex][3]);
    });
  }

  /* Arrow keys walk over the cells of a heat grid and say each; Enter opens it. */
  function walk(plot, chart, canvas) {
    if (chart.kind !== "heat" || !chart.urls) return;
    const levels = levelsOf(chart);
    const [width, height] = [chart.columns.length - 1, chart.rows.length];
    const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    let at = null;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `${chart.title}。用方向键逐格查看，回车打开；同样的内容见下表。`);
    const voice = document.createElement("div");
    voice.className = "sj-visually-hidden";
    voice.setAttribute("aria-live", "polite");
    canvas.after(voice);
    canvas.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (event.key === "Enter" && at) window.location.assign(chart.urls[at[1]][at[0]] || window.location.href);
      if (!step) return;
      event.preventDefault();
      at = at ? [Math.min(width - 1, Math.max(0, at[0] + step[0])), Math.min(height - 1, Math.max(0, at[1] + step[1]))] : [0, 0];
      const [x, y] = at;
      const dataIndex = y * width + x;
      plot.dispatchAction({ type: "downplay", seriesIndex: 0 });
      plot.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex });
      const [cx, cy] = plot.convertToPixel({ seriesIndex: 0 }, [x, y]);
      const [ox, oy] = plot.convertToPixel({ seriesIndex: 0 }, [x ? x - 1 : x + 1, y ? y - 1 : y + 1]);
      const [w, h] = [width > 1 ? Math.abs(cx - ox) : 28, height > 1 ? Math.abs(cy - oy) : 26];
      plot.setOption({ graphic: [{ id: "here", type: "rect", silent: true, z: 20, shape: { x: cx - w / 2, y: cy - h / 2, width: w, height: h, r: 4 }, style: { fill: "transparent", stroke: colours.ink, lineWidth: 2 } }] });
      voice.textContent = cellWords(chart, levels, [x, y, chart.rows[y][x + 1]]).replace(/<[^>]+>/g, " ");
    });
  }

  function save(name, url) {
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
  }

  function csv(chart) {
    // A leading = + - @ would be run as a formula by the spreadsheet that opens the file.
    const cell = (value) => {
      const words = value === null || value === undefined ? "数据不足" : String(value);
      const safe = typeof value === "string" && /^[=+\-@\t]/.test(words) ? `'${words}` : words;
      return `"${safe.replaceAll('"', '""')}"`;
    };
    const width = chart.columns.length;
    const levels = levelsOf(chart);
    const blank = (value) => (value === -2 ? "未到期" : value === -3 ? "未开始" : value < 0 ? "不应报" : value);
    const worded = (value, index) => (!index || value === null ? value : levels ? levels(value).word : chart.kind === "heat" ? blank(value) : value);
    const head = chart.kind === "heat" && chart.column_words ? [chart.columns[0], ...chart.column_words] : chart.columns;
    const rows = [head, ...chart.rows.map((row) => row.slice(0, width).map(worded))];
    return "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n");
  }

  function draw(figure) {
    const canvas = figure.querySelector(".sj-chart__canvas");
    const source = document.getElementById(figure.dataset.chart);
    if (!canvas || !source || canvas.childElementCount || figure.classList.contains("sj-chart--table") || !window.echarts) return;
    const chart = JSON.parse(source.textContent);
    figure.querySelector("[data-save=csv]")?.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([csv(chart)], { type: "text/csv;charset=utf-8" }));
      save(`${chart.title}.csv`, url);
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    const isTable = narrow() && figure.hasAttribute("data-table-on-phone");
    if (isTable) return figure.classList.add("sj-chart--table");
    canvas.style.height = `${HEIGHT[chart.kind](chart)}px`;
    const plot = window.echarts.init(canvas, null, { renderer: "canvas" });
    chart.width = canvas.clientWidth;
    plot.setOption(KINDS[chart.kind](chart));
    addKey(chart, figure);
    follow(plot, chart);
    walk(plot, chart, canvas);
    if (!figure.hasAttribute("data-keep-table")) figure.querySelector("details")?.removeAttribute("open");
    new ResizeObserver(() => plot.resize()).observe(canvas);
    figure.querySelector("[data-save=png]")?.addEventListener("click", () =>
      save(`${chart.title}.png`, plot.getDataURL({ pixelRatio: 2, backgroundColor: "#fff" })));
  }

  const drawAll = (root) => root.querySelectorAll("figure[data-chart]").forEach(draw);
  drawAll(document);
  document.addEventListener("sj:content", (event) => drawAll(event.detail.root));
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.detail.elt.parentElement || document));
})();
