// Elements of the page; texts are set as text only.

const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

const option = (value, text) => make("option", { value }, text);

const badge = (text, kind) => make("span", { class: `badge ${kind}` }, text);

const cell = (value, kind) => {
  if (typeof value === "string") return make("td", { class: "text" }, value);
  const text = show(value, kind);
  return make("td", { class: text === "unknown" && "unknown", "data-value": value }, text);
};

/** A table that scrolls on its own; `columns` are [heading, kind], and `rows` are elements. */
const scroll = (caption, columns, rows) => {
  const heads = columns.map(([heading, kind]) =>
    make("th", { scope: "col", class: kind === undefined && "text" }, heading),
  );
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table);
};

/** A table of values; the first of a row is its heading. */
const makeTable = (caption, columns, rows) => {
  const elements = rows.map(([name, ...values]) => {
    const cells = values.map((value, place) => cell(value, columns[place + 1][1]));
    return make("tr", {}, make("th", { scope: "row" }, label(name)), ...cells);
  });
  return scroll(caption, columns, elements);
};

let charts = [];

/** A part of the page: a chart with its table folded behind it, a table alone, or a note that there is nothing. */
const figure = (id, title, { note, chart, table, isWide } = {}) => {
  const words = table || note ? note : "Nothing in this selection.";
  const parts = [make("figcaption", {}, make("h3", {}, title), words ? make("p", { class: "note" }, words) : null)];
  if (chart) {
    const canvas = make("canvas", { role: "img", "aria-label": `${title}. The table below has the figures.` });
    parts.push(make("div", { class: "canvas" }, canvas));
    charts.push([canvas, chart]);
  }
  if (table) parts.push(chart ? make("details", {}, make("summary", {}, "Show as table"), table) : table);
  return make("figure", { id, class: isWide && "wide" }, ...parts);
};
