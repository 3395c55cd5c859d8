/* Draws the figures of includes/_chart.html with echarts. The table below each figure holds the same numbers; without
   script it is simply open. Shapes (see templates/README.md): kind, unit, columns, rows, and per kind limit, markers, scale. */
(() => {
  "use strict";

  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const colours = {
    ink: token("--sj-ink"), ink2: token("--sj-ink-2"), ink3: token("--sj-ink-3"), line: token("--sj-line"),
    blue: token("--sj-blue-600"), pale: token("--sj-blue-100"), limit: token("--sj-violation-ink"), white: "#ffffff",
  };
  const SERIES = ["--sj-blue-700", "--sj-warning-mark", "--sj-compliant-mark", "--sj-exempt-mark", "--sj-violation-mark", "--sj-notice-mark"].map(token);
  const SEQUENCE = ["#f3f6fa", "#cfe0f1", "#94bbe2", "#4b87c5", "#1c5ba3", "#0c2f59"];
  const SEVERITY = [token("--sj-compliant-soft"), token("--sj-notice-mark"), token("--sj-warning-mark"), token("--sj-violation-mark"), token("--sj-critical-mark")];
  const SIGN = (name) => token(`--sj-${name}-mark`) || colours.blue;
  const FONT = token("--sj-font");
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
  const base = () => ({ animation: false, textStyle: text(), aria: { enabled: true } });

  /* Ranked bars: rows [label, value, sign?, url?], in the order given; direct labels, so no value axis. */
  function bars(chart) {
    return {
      ...base(),
      grid: { left: 8, right: 56, top: 4, bottom: chart.limit ? 20 : 0, containLabel: true },
      tooltip: tooltip((point) => `${plain(point.name)}<br><b>${withUnit(point.value, chart.unit)}</b>`),
      xAxis: { type: "value", show: false, min: 0 },
      yAxis: {
        type: "category", inverse: true, data: chart.rows.map((row) => row[0]), axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...text(13, colours.ink), width: 150, overflow: "truncate" },
      },
      series: [{
        type: "bar", barMaxWidth: 18, barCategoryGap: "38%",
        data: chart.rows.map((row) => ({ value: row[1] ?? 0, itemStyle: { color: row[1] === null ? hatch() : row[2] ? SIGN(row[2]) : colours.blue, borderRadius: [0, 3, 3, 0] } })),
        label: { show: true, position: "right", ...text(13, colours.ink), fontWeight: 600, formatter: (point) => withUnit(chart.rows[point.dataIndex][1], "") },
        markLine: limitLine(chart, "xAxis"),
      }],
    };
  }

  function limitLine(chart, axis) {
    if (!chart.limit) return undefined;
    return {
      silent: true, symbol: "none", lineStyle: { color: colours.limit, type: "dashed", width: 1.5 },
      label: { ...text(12, colours.limit), formatter: chart.limit.label, position: axis === "xAxis" ? "start" : "insideStartTop" },
      data: [{ [axis]: chart.limit.value }],
    };
  }

  /* Heat grid: columns ["单位", week…], rows [unit, value | null…]; null is no data, hatched, never zero. */
  function heat(chart) {
    const weeks = chart.columns.slice(1);
    const colourOf = heatColour(chart);
    const empty = hatch();
    const cells = chart.rows.flatMap((row, y) => row.slice(1).map((value, x) => [x, y, value]));
    return {
      ...base(),
      grid: { left: 8, right: 12, top: 4, bottom: 0, containLabel: true },
      tooltip: tooltip((cell) => {
        const [x, y, value] = cell.data;
        const words = value !== null && chart.levels ? chart.levels[value] : withUnit(value, chart.unit);
        return `${plain(chart.rows[y][0])} · ${plain(weeks[x])}<br><b>${words}</b>`;
      }),
      xAxis: { type: "category", position: "top", data: weeks, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...text(12), hideOverlap: true } },
      yAxis: { type: "category", inverse: true, data: chart.rows.map((row) => row[0]), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...text(13, colours.ink), width: 124, overflow: "truncate" } },
      series: [{
        type: "custom", data: cells, encode: { x: 0, y: 1 },
        renderItem(_, api) {
          const [x, y, value] = cells[api.dataIndex ?? _.dataIndex];
          const [width, height] = api.size([1, 1]);
          const [cx, cy] = api.coord([x, y]);
          const shape = { x: cx - width / 2 + 1.5, y: cy - height / 2 + 1.5, width: width - 3, height: height - 3, r: 3 };
          const dark = value !== null && colourOf(value).dark;
          return {
            type: "rect", shape, style: { fill: value === null ? empty : colourOf(value).fill },
            textContent: value === null || width < 20 ? undefined
              : { style: { text: cellText(chart, value), fill: dark ? "#fff" : colours.ink, font: `12px ${FONT}` } },
            textConfig: { position: "inside" },
          };
        },
      }],
    };
  }

  /* A severity's first character stands in its cell, since colour alone says nothing to some readers; 合规 stays empty. */
  const cellText = (chart, value) => (!chart.levels ? number(value) : value === 0 ? "" : chart.levels[value].slice(0, 1));

  function heatColour(chart) {
    if (chart.levels) return (value) => ({ fill: SEVERITY[value] || SEVERITY[0], dark: value > 3 });
    const most = Math.max(1, ...chart.rows.flatMap((row) => row.slice(1)).filter((value) => value !== null));
    return (value) => {
      const step = value === 0 ? 0 : Math.max(1, Math.ceil((value / most) * (SEQUENCE.length - 1)));
      return { fill: SEQUENCE[step], dark: step >= 3 };
    };
  }

  /* Lines: columns [axis, series…], rows [x, value | null…]; markers [{x, label}] where a standard changed. */
  function line(chart) {
    const names = chart.columns.slice(1);
    return {
      ...base(),
      grid: { left: 12, right: names.length > 1 ? 104 : 40, top: 28, bottom: 8, containLabel: true },
      tooltip: tooltip((points) => [plain(points[0].axisValueLabel), ...points.map((point) => `${point.marker}${plain(point.seriesName)} <b>${withUnit(point.value ?? null, chart.unit)}</b>`)].join("<br>"), "axis"),
      xAxis: { type: "category", boundaryGap: false, data: chart.rows.map((row) => row[0]), axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: { ...text(12), hideOverlap: true } },
      yAxis: { type: "value", min: chart.from_zero === false ? undefined : 0, splitLine: { lineStyle: { color: colours.line } }, axisLabel: text(12) },
      series: names.map((name, index) => ({
        name, type: "line", data: chart.rows.map((row) => row[index + 1]), connectNulls: false, symbolSize: 6, lineStyle: { width: 2.5 }, color: SERIES[index],
        endLabel: { show: names.length > 1, formatter: name, ...text(12, SERIES[index]), lineHeight: 16 },
        labelLayout: { moveOverlap: "shiftY" },
        markLine: index === 0 ? merged(limitLine(chart, "yAxis"), chart.markers) : undefined,
      })),
    };
  }

  function merged(limit, markers) {
    const changes = (markers || []).map((marker) => ({
      xAxis: marker.x, lineStyle: { color: colours.ink3, type: "solid", width: 1 }, label: { ...text(12), formatter: marker.label, position: "end" },
    }));
    if (!changes.length) return limit;
    return { silent: true, symbol: "none", ...limit, data: [...(limit?.data || []), ...changes] };
  }

  const KINDS = { bars, heat, line };
  const HEIGHT = { bars: (chart) => 12 + chart.rows.length * 32 + (chart.limit ? 24 : 0), heat: (chart) => 34 + chart.rows.length * 28, line: () => 280 };

  function heatKey(chart, figure) {
    if (chart.kind !== "heat") return;
    const key = document.createElement("ul");
    key.className = "sj-chart__key";
    const entries = chart.levels ? chart.levels.map((word, index) => [word, SEVERITY[index]])
      : [["0", SEQUENCE[0]], ["少", SEQUENCE[1]], ["多", SEQUENCE[SEQUENCE.length - 1]]];
    for (const [word, colour] of [["数据不足", ""], ...entries]) {
      const entry = document.createElement("li");
      const swatch = document.createElement("i");
      if (colour) swatch.style.setProperty("--key", colour);
      entry.append(swatch, word);
      key.append(entry);
    }
    figure.querySelector(".sj-chart__canvas").after(key);
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
    const worded = (value, index) => (chart.levels && index > 0 && value !== null ? chart.levels[value] : value);
    const rows = [chart.columns, ...chart.rows.map((row) => row.slice(0, width).map(worded))];
    return "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n");
  }

  function draw(figure) {
    const canvas = figure.querySelector(".sj-chart__canvas");
    const source = document.getElementById(figure.dataset.chart);
    if (!canvas || !source || canvas.childElementCount || !window.echarts) return;
    const chart = JSON.parse(source.textContent);
    canvas.style.height = `${HEIGHT[chart.kind](chart)}px`;
    const plot = window.echarts.init(canvas, null, { renderer: "canvas" });
    plot.setOption(KINDS[chart.kind](chart));
    heatKey(chart, figure);
    figure.querySelector("details")?.removeAttribute("open");
    new ResizeObserver(() => plot.resize()).observe(canvas);
    if (chart.kind === "bars") plot.on("click", (point) => { const url = chart.rows[point.dataIndex][3]; if (url) window.location.assign(url); });
    figure.querySelector("[data-save=png]")?.addEventListener("click", () =>
      save(`${chart.title}.png`, plot.getDataURL({ pixelRatio: 2, backgroundColor: "#fff" })));
    figure.querySelector("[data-save=csv]")?.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([csv(chart)], { type: "text/csv;charset=utf-8" }));
      save(`${chart.title}.csv`, url);
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
  }

  const drawAll = (root) => root.querySelectorAll("figure[data-chart]").forEach(draw);
  drawAll(document);
  document.addEventListener("sj:content", (event) => drawAll(event.detail.root));
})();
