// Charts by Chart.js, and the colours of the heatmap.

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const PALETTE = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

// Long names would leave no room for the bars; the table and the tooltip have them whole.
const shorten = (name) => (name.length > 22 ? `${name.slice(0, 21)}…` : name);

/** A chart of lying bars of a table's rows; `columns` are [name, place in the row]. */
const bars = (rows, columns) => ({
  isLying: true,
  labels: rows.map(([name]) => label(name)),
  series: columns.map(([name, place]) => [name, rows.map((row) => row[place])]),
});

const drawCharts = (isPrinted) => {
  const [text, line] = [color("text"), color("line")];
  Chart.defaults.color = text;
  Chart.defaults.borderColor = line;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;
  for (const [canvas, chart] of charts) {
    Chart.getChart(canvas)?.destroy();
    const size = chart.kind === "money" ? (value) => dollars.format(value) : (value) => whole.format(value);
    const short = (value) => (chart.kind === "money" ? `$${compact.format(value)}` : compact.format(value));
    const values = {
      beginAtZero: true,
      stacked: chart.isStacked,
      ticks: { callback: (value) => short(value), precision: 0 },
    };
    const names = {
      stacked: chart.isStacked,
      grid: { display: false },
      ticks: { maxRotation: 0, autoSkip: !chart.isLying },
    };
    new Chart(canvas, {
      type: "bar",
      data: {
        labels: chart.isLying ? chart.labels.map(shorten) : chart.labels,
        datasets: chart.series.map(([name, data], place) => ({
          label: shorten(name),
          data: chart.kind === "money" ? data.map((value) => value / MONEY) : data,
          backgroundColor: color(PALETTE[place % PALETTE.length]),
          maxBarThickness: 48,
        })),
      },
      options: {
        responsive: true,
        maintainAspectRatio: false,
        devicePixelRatio: isPrinted ? 3 : undefined,
        indexAxis: chart.isLying ? "y" : "x",
        scales: { x: chart.isLying ? values : names, y: chart.isLying ? names : values },
        interaction: { mode: "index", axis: chart.isLying ? "y" : "x", intersect: false },
        plugins: {
          legend: { display: chart.series.length > 1, position: "bottom", labels: { boxWidth: 12 } },
          tooltip: {
            callbacks: {
              title: (items) => chart.labels[items[0].dataIndex],
              label: (item) => `${item.dataset.label}: ${size(chart.isLying ? item.parsed.x : item.parsed.y)}`,
            },
          },
        },
      },
    });
  }
};

const channelsOf = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));

/** Relative luminance, as WCAG defines it. */
const luminance = (rgb) => {
  const linear = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = rgb.map((value) => linear(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** Returns for a rate the colour between two, and black or white, whichever is easier to read on it. */
const heat = (lowest, highest) => {
  const [from, to] = [channelsOf(color("heat-low")), channelsOf(color("heat-high"))];
  return (rate) => {
    const part = highest > lowest ? (rate - lowest) / (highest - lowest) : 1;
    const rgb = from.map((value, place) => Math.round(value + (to[place] - value) * part));
    return [`rgb(${rgb.join(",")})`, luminance(rgb) > 0.179 ? "#000" : "#fff"];
  };
};
