"use strict";
// Adds up the sums of the selected days, customer and location, and shows them. Texts are set as text only.
const showReport = (figures) => {
  const { customers, locations } = figures;
  const byId = (id) => document.getElementById(id);
  const DAY = 86400000;
  // Money is added in whole millionths of a dollar, which floating point adds exactly.
  const MONEY = 1e6;

  const whole = new Intl.NumberFormat();
  const dollars = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
  const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const roundPercent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat(undefined, { notation: "compact" });
  const dateFormat = (options) => new Intl.DateTimeFormat(undefined, { timeZone: "UTC", ...options });
  const dayFormat = dateFormat({ dateStyle: "medium" });
  const monthFormat = dateFormat({ month: "short", year: "numeric" });
  const momentFormat = dateFormat({ dateStyle: "medium", timeStyle: "short" });
  const weekdayFormat = dateFormat({ weekday: "short" });

  const toDate = (day) => new Date(day * DAY);
  const toIso = (day) => toDate(day).toISOString().slice(0, 10);
  const toDay = (text) => (text ? Math.floor(Date.parse(`${text}T00:00:00Z`) / DAY) : NaN);
  // 1970-01-01 was a Thursday.
  const weekday = (day) => (((day + 3) % 7) + 7) % 7;

  // A spreadsheet would run a pasted text that begins like this.
  const label = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

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

  const plural = (count, one, many) => `${whole.format(count)} ${count === 1 ? one : many}`;
  const share = (part, all) => (part === null || all === null || !all ? null : part / all);
  const formats = {
    count: (value) => whole.format(value),
    money: (value) => dollars.format(value / MONEY),
    rate: (value) => percent.format(value),
    hours: (value) => (value / 3600).toLocaleString(undefined, { maximumFractionDigits: 1 }),
  };
  const show = (value, kind = "count") => (value === null || Number.isNaN(value) ? "unknown" : formats[kind](value));

  // Sums

  const CUBES = {
    leads: ["new_leads", "reached_leads", "booked_leads", "leads_with_appointment", "attended_leads", "revenue"],
    unbooked_leads: ["unbooked_leads"],
    calls: ["inbound_calls", "answered_calls", "missed_calls"],
    missed_calls: ["missed_calls", "decided_calls", "called_back_calls", "in_5_minutes", "in_1_hour", "in_1_day"],
    agent_calls: ["answered_inbound_calls", "answered_outbound_calls", "talk_seconds", "bookings"],
    opportunities: ["opportunities", "booked_opportunities"],
  };
  const NEEDS = { in_5_minutes: "called_back_calls", in_1_hour: "called_back_calls", in_1_day: "called_back_calls" };
  figures.leads.revenue = figures.leads.revenue.map((value) => Math.round(value * MONEY));

  const unknowns = customers.map((customer) => new Set(customer.unknown));
  const cannotTell = (customer, metric) => unknowns[customer].has(NEEDS[metric] ?? metric);

  /** Sums of a kind by the group that `key` returns for a row; null where a customer with a row cannot tell it. */
  const addUp = (name, chosen, key) => {
    const cube = figures[name];
    const metrics = CUBES[name];
    const groups = new Map();
    for (let row = 0; row < cube.day.length; row += 1) {
      const day = cube.day[row];
      const location = cube.location[row];
      if (day < chosen.since || day > chosen.until) continue;
      const customer = locations[location][0];
      if (chosen.customer !== null && customer !== chosen.customer) continue;
      if (chosen.place !== null && location !== chosen.place) continue;
      const group = key(cube, row);
      let sums = groups.get(group);
      if (!sums) {
        sums = Object.fromEntries(metrics.map((metric) => [metric, 0]));
        groups.set(group, sums);
      }
      for (const metric of metrics) {
        if (cannotTell(customer, metric)) sums[metric] = null;
        else if (sums[metric] !== null) sums[metric] += cube[metric][row];
      }
    }
    return groups;
  };

  /** The sums of all rows; null also where a selected customer cannot tell it and therefore has no row. */
  const total = (name, chosen) => {
    const sums = addUp(name, chosen, () => 0).get(0) ?? Object.fromEntries(CUBES[name].map((metric) => [metric, 0]));
    for (const metric of CUBES[name]) {
      if (selectedCustomers(chosen).some((customer) => cannotTell(customer, metric))) sums[metric] = null;
    }
    return sums;
  };

  const selectedCustomers = (chosen) => (chosen.customer === null ? customers.map((_, number) => number) : [chosen.customer]);

  /** Names the selected customers that cannot tell one of the metrics, for a note. */
  const noteUnknown = (chosen, metrics) => {
    const found = selectedCustomers(chosen).filter((one) => metrics.some((metric) => cannotTell(one, metric)));
    if (!found.length) return null;
    const names = found.slice(0, 5).map((one) => label(customers[one].name)).join(", ") + (found.length > 5 ? ", …" : "");
    return `Unknown for ${plural(found.length, "customer", "customers")} (${names}): what was loaded stands above.`;
  };

  // The selection

  const extent = () => {
    let [first, last] = [Infinity, -Infinity];
    for (const name of Object.keys(CUBES)) {
      for (const day of figures[name].day) {
        if (day < first) first = day;
        if (day > last) last = day;
      }
    }
    return first > last ? null : { first, last };
  };
  const days = extent();

  const select = () => {
    const since = toDay(byId("since").value);
    const until = toDay(byId("until").value);
    const customer = byId("customer").value;
    const place = byId("place").value;
    return {
      since: Number.isNaN(since) ? -Infinity : since,
      until: Number.isNaN(until) ? Infinity : until,
      customer: customer === "" ? null : Number(customer),
      place: place === "" ? null : Number(place),
    };
  };

  const option = (value, text) => make("option", { value }, text);

  const fillPlaces = () => {
    const customer = byId("customer").value;
    const own = customer === "" ? [] : locations.flatMap(([owner, name], number) => (owner === Number(customer) ? [[number, name]] : []));
    own.sort((one, other) => one[1].localeCompare(other[1]));
    byId("place").replaceChildren(option("", "All locations"), ...own.map(([number, name]) => option(number, label(name))));
    byId("place").disabled = customer === "";
  };

  const setDays = (count) => {
    byId("until").value = days ? toIso(days.last) : "";
    byId("since").value = days ? toIso(count ? Math.max(days.last - count + 1, days.first) : days.first) : "";
  };

  const markPreset = () => {
    for (const button of document.querySelectorAll("[data-days]")) {
      const count = Number(button.dataset.days) || days?.last - days?.first + 1;
      const since = days && days.last - count + 1;
      const isPressed = days && byId("since").value === toIso(since) && byId("until").value === toIso(days.last);
      button.setAttribute("aria-pressed", String(Boolean(isPressed)));
    }
  };

  // Periods of a chart over time

  const periodsOf = (chosen) => {
    const first = Math.max(chosen.since, days.first);
    const last = Math.min(chosen.until, days.last);
    const length = last - first + 1;
    if (length <= 45) return { name: "day", of: (day) => day, next: (day) => day + 1, first, last, format: dayFormat };
    if (length <= 400) {
      const monday = (day) => day - weekday(day);
      return { name: "week", of: monday, next: (day) => day + 7, first: monday(first), last, format: dayFormat };
    }
    const month = (day) => {
      const date = toDate(day);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / DAY;
    };
    return { name: "month", of: month, next: (day) => month(day + 32), first: month(first), last, format: monthFormat };
  };

  // Tables and charts

  const cell = (value, kind) => {
    if (typeof value === "string") return make("td", { class: "text" }, value);
    const text = show(value, kind);
    return make("td", { class: text === "unknown" && "unknown", "data-value": value }, text);
  };

  /** A table: `columns` are [heading, kind]; the first value of a row is its heading. */
  const makeTable = (caption, columns, rows) =>
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      make("table", {},
        make("thead", {}, make("tr", {}, ...columns.map(([heading], place) => make("th", { scope: "col", class: place ? null : "text" }, heading)))),
        make("tbody", {}, ...rows.map(([name, ...values]) =>
          make("tr", {}, make("th", { scope: "row" }, label(name)), ...values.map((value, place) => cell(value, columns[place + 1][1])))))));

  let charts = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const PALETTE = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

  const figure = (id, title, note, chart, table, isWide) => {
    const parts = [make("figcaption", {}, make("h3", {}, title), note ? make("p", { class: "note" }, note) : null)];
    if (chart) {
      const canvas = make("canvas", { role: "img", "aria-label": `${title}. The table below has the figures.` });
      parts.push(make("div", { class: "canvas" }, canvas));
      charts.push([canvas, chart]);
    }
    if (table) parts.push(chart ? make("details", {}, make("summary", {}, "Show as table"), table) : table);
    return make("figure", { id, class: isWide && "wide" }, ...parts);
  };

  const NOTHING = "Nothing in this selection.";

  // Long names would leave no room for the bars; the table and the tooltip have them whole.
  const shorten = (name) => (name.length > 22 ? `${name.slice(0, 21)}…` : name);

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
      const values = { beginAtZero: true, stacked: chart.isStacked, ticks: { callback: (value) => short(value), precision: 0 } };
      const names = { stacked: chart.isStacked, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: !chart.isLying } };
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
            tooltip: { callbacks: { title: (items) => chart.labels[items[0].dataIndex], label: (item) => `${item.dataset.label}: ${size(chart.isLying ? item.parsed.x : item.parsed.y)}` } },
          },
        },
      });
    }
  };

  // The parts of the page

  const badge = (text, kind) => make("span", { class: `badge ${kind}` }, text);

  const completeness = (one) => {
    if (one.is_complete === null) return badge("no proof", "bad");
    return one.is_complete ? badge("complete", "good") : badge("incomplete", "bad");
  };

  const age = (hours) => {
    if (hours < 1) return "less than an hour";
    if (hours < 48) return plural(Math.floor(hours), "hour", "hours");
    return plural(Math.floor(hours / 24), "day", "days");
  };

  const freshness = (one) => {
    if (one.is_fresh === null) return badge("never loaded completely", "bad");
    return badge(`${one.is_fresh ? "fresh" : "old"}, ${age(one.age_hours)}`, one.is_fresh ? "good" : "warn");
  };

  const severity = (one) => (one.is_complete ? (one.is_fresh ? 2 : 1) : 0);

  const showData = () => {
    const incomplete = customers.filter((one) => !one.is_complete).length;
    const old = customers.filter((one) => !one.is_fresh).length;
    const ofAll = `of ${plural(customers.length, "customer", "customers")}`;
    let verdict;
    if (!customers.length) verdict = make("p", { class: "message bad" }, "No customer was ever loaded.");
    else if (incomplete) verdict = make("p", { class: "message bad" }, `No: ${whole.format(incomplete)} ${ofAll} not proven complete${old ? `, ${whole.format(old)} not fresh` : ""}.`);
    else if (old) verdict = make("p", { class: "message warn" }, `Complete, but old: ${whole.format(old)} ${ofAll} not fresh.`);
    else verdict = make("p", { class: "message good" }, `Yes: ${plural(customers.length, "customer is", "customers are")} proven complete and fresh.`);
    byId("data").replaceChildren(verdict);
    if (!customers.length) return;
    const rows = [...customers].sort((one, other) => severity(one) - severity(other)).map((one) => {
      const hints = [...one.problems, ...Object.entries(one.warnings).map(([name, count]) => `to look at: ${name}${count > 1 ? ` (${count})` : ""}`)];
      return make("tr", {},
        make("th", { scope: "row" }, label(one.name)),
        make("td", { class: "text" }, completeness(one), " ", freshness(one)),
        cell(one.in_api), cell(one.in_warehouse),
        make("td", { class: "text when" }, one.loaded_through ? `${momentFormat.format(new Date(one.loaded_through))} UTC` : "never"),
        make("td", { class: "text description" }, one.description, ...hints.map((hint) => make("p", { class: "note" }, hint))));
    });
    const headings = ["customer", "status", "all in API", "in warehouse", "complete through", "what was loaded"];
    const table = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Completeness by customer" },
      make("table", {},
        make("thead", {}, make("tr", {}, ...headings.map((heading, place) => make("th", { scope: "col", class: [2, 3].includes(place) ? null : "text" }, heading)))),
        make("tbody", {}, ...rows)));
    byId("data").append(
      make("p", { class: "note" }, "Complete: as many interactions were found as the API counts, or pages were read until none had a new one. As of the last build of the models."),
      make("details", { open: customers.length <= 5 || incomplete > 0 || old > 0 }, make("summary", {}, "Show each customer"), table));
  };

  const tile = (id, title, value, kind, note) => {
    const text = show(value, kind);
    return make("div", { class: "tile" }, make("span", {}, title), make("b", { id, class: text === "unknown" && "unknown", "data-value": value }, text), make("small", {}, note));
  };

  const ofLeads = (part, all) => (share(part, all) === null ? "" : `${formats.rate(share(part, all))} of new leads`);

  const showTiles = (leads, calls, missed) => {
    const decided = calls.answered_calls + calls.missed_calls;
    const back = share(missed.called_back_calls, missed.decided_calls);
    byId("tiles").replaceChildren(
      tile("new_leads", "New leads", leads.new_leads, "count", ""),
      tile("booked_leads", "Booked", leads.booked_leads, "count", ofLeads(leads.booked_leads, leads.new_leads)),
      tile("revenue", "Revenue", leads.revenue, "money", "of these leads"),
      tile("answer_rate", "Answer rate", decided ? calls.answered_calls / decided : null, "rate", `${whole.format(calls.answered_calls)} of ${whole.format(decided)} inbound calls`),
      tile("missed_calls", "Missed calls", missed.missed_calls, "count", `${whole.format(missed.decided_calls)} can be judged`),
      tile("called_back_calls", "Called back", missed.called_back_calls, "count", back === null ? "" : `${formats.rate(back)} of those that can be judged`),
    );
  };

  const funnel = (chosen, leads) => {
    const steps = [["new leads", leads.new_leads], ["reached", leads.reached_leads], ["booked", leads.booked_leads], ["with an appointment", leads.leads_with_appointment], ["attended", leads.attended_leads]];
    const known = steps.filter(([, value]) => value !== null);
    const rows = steps.map(([name, value]) => [name, value, share(value, leads.new_leads)]);
    const chart = known.length ? { isLying: true, labels: known.map(([name]) => name), series: [["leads", known.map(([, value]) => value)]] } : null;
    const note = noteUnknown(chosen, ["new_leads", "reached_leads", "booked_leads", "leads_with_appointment", "attended_leads"]);
    return figure("funnel", "Lead funnel", note, chart, makeTable("Lead funnel", [["step"], ["leads", "count"], ["of new leads", "rate"]], rows));
  };

  /** The groups with the largest sums, and the others together. */
  const topGroups = (groups, metric, most) => {
    const names = [...groups.keys()].sort((one, other) => (groups.get(other)[metric] ?? -1) - (groups.get(one)[metric] ?? -1) || one - other);
    return names.length <= most + 1 ? [names, []] : [names.slice(0, most), names.slice(most)];
  };

  const overTime = (id, title, metric, kind, chosen, periods, channels) => {
    const groups = addUp("leads", chosen, (cube, row) => cube.channel[row] * 100000 + periods.of(cube.day[row]));
    const [top, rest] = topGroups(channels, "new_leads", 7);
    const starts = [];
    for (let start = periods.first; start <= periods.last; start = periods.next(start)) starts.push(start);
    const value = (channel, start) => {
      const sums = groups.get(channel * 100000 + start);
      return sums ? sums[metric] : 0;
    };
    // Adding null makes the sum unknown.
    const add = (values) => values.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
    const series = top.map((channel) => [label(figures.channels[channel]), starts.map((start) => value(channel, start))]);
    if (rest.length) series.push([`${rest.length} other channels`, starts.map((start) => add(rest.map((channel) => value(channel, start))))]);
    const labels = starts.map((start) => periods.format.format(toDate(start)));
    const note = [`By ${periods.name}${periods.name === "day" ? "" : `; the first and the last ${periods.name} may be incomplete`}.`, noteUnknown(chosen, [metric])].filter(Boolean).join(" ");
    if (!series.length) return figure(id, title, NOTHING, null, null, true);
    const rows = labels.map((name, place) => [name, add(series.map(([, data]) => data[place])), ...series.map(([, data]) => data[place])]);
    const columns = [[periods.name], ["all", kind], ...series.map(([name]) => [name, kind])];
    return figure(id, title, note, { labels, series, isStacked: true, kind }, makeTable(title, columns, rows), true);
  };

  const channelTable = (chosen, channels) => {
    if (!channels.size) return figure("channels", "Channels", NOTHING);
    const [order] = topGroups(channels, "new_leads", Infinity);
    const rows = order.map((channel) => {
      const sums = channels.get(channel);
      return [figures.channels[channel], sums.new_leads, sums.booked_leads, share(sums.booked_leads, sums.new_leads), sums.revenue];
    });
    const columns = [["first channel"], ["new leads", "count"], ["booked", "count"], ["booking rate", "rate"], ["revenue", "money"]];
    return figure("channels", "Channels", noteUnknown(chosen, ["booked_leads", "revenue"]), null, makeTable("Channels", columns, rows), false);
  };

  const heatmap = (chosen) => {
    const groups = addUp("calls", chosen, (cube, row) => cube.hour[row] * 10 + weekday(cube.day[row]));
    const hours = [...groups.keys()].map((key) => Math.floor(key / 10));
    const title = "Answer rate by weekday and hour";
    if (!hours.length) return figure("heatmap", title, NOTHING);
    const [first, last] = [Math.min(...hours), Math.max(...hours)];
    const weekdays = [0, 1, 2, 3, 4, 5, 6];
    const rates = [...groups.values()].map((sums) => share(sums.answered_calls, sums.answered_calls + sums.missed_calls)).filter((rate) => rate !== null);
    const [lowest, highest] = [Math.min(...rates), Math.max(...rates)];
    const mix = blend(color("heat-low"), color("heat-high"));
    const rows = [];
    for (let hour = first; hour <= last; hour += 1) {
      const cells = weekdays.map((day) => {
        const sums = groups.get(hour * 10 + day);
        const decided = sums ? sums.answered_calls + sums.missed_calls : 0;
        if (!decided) return make("td", { "data-value": "" }, "–");
        const rate = sums.answered_calls / decided;
        const found = make("td", { "data-value": rate, title: `${whole.format(sums.answered_calls)} of ${whole.format(decided)} calls answered` }, roundPercent.format(rate));
        const [back, text] = mix(highest > lowest ? (rate - lowest) / (highest - lowest) : 1);
        found.style.backgroundColor = back;
        found.style.color = text;
        return found;
      });
      rows.push(make("tr", {}, make("th", { scope: "row" }, `${String(hour).padStart(2, "0")}:00`), ...cells));
    }
    const heads = weekdays.map((day) => make("th", { scope: "col" }, weekdayFormat.format(toDate(day + 4))));
    const table = make("table", { class: "heat" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "hour"), ...heads)), make("tbody", {}, ...rows));
    return figure("heatmap", title, "Of inbound calls that were answered or missed, by the practice's local time. Colours go from the lowest to the highest rate; –: no such call.", null, table);
  };

  const channelsOf = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  /** Returns for a rate the colour between two, and black or white, whichever is easier to read on it. */
  const blend = (low, high) => (rate) => {
    const [from, to] = [channelsOf(low), channelsOf(high)];
    const rgb = from.map((value, place) => Math.round(value + (to[place] - value) * rate));
    return [`rgb(${rgb.join(",")})`, luminance(rgb) > 0.179 ? "#000" : "#fff"];
  };

  const callbacks = (chosen, missed) => {
    const title = "Missed calls: called back, and how fast";
    if (!missed.missed_calls) return figure("callbacks", title, NOTHING);
    const waiting = missed.missed_calls - missed.decided_calls;
    const known = missed.called_back_calls !== null;
    const steps = [
      ["within 5 minutes", missed.in_5_minutes],
      ["5 minutes to 1 hour", known ? missed.in_1_hour - missed.in_5_minutes : null],
      ["1 hour to 1 day", known ? missed.in_1_day - missed.in_1_hour : null],
      ["after 1 day", known ? missed.called_back_calls - missed.in_1_day : null],
      ["not called back", known ? missed.decided_calls - missed.called_back_calls : null],
    ];
    const rows = steps.map(([name, value]) => [name, value, share(value, missed.decided_calls)]);
    const note = [noteUnknown(chosen, ["called_back_calls"]), waiting ? `${plural(waiting, "missed call", "missed calls")} cannot be judged yet, or ${waiting === 1 ? "has" : "have"} no lead.` : null].filter(Boolean).join(" ");
    const chart = known ? { isLying: true, labels: steps.map(([name]) => name), series: [["missed calls", steps.map(([, value]) => value)]] } : null;
    return figure("callbacks", title, note, chart, makeTable(title, [["called back"], ["missed calls", "count"], ["of those judged", "rate"]], rows));
  };

  const reasons = (chosen) => {
    const title = "Reasons not booked";
    const groups = addUp("unbooked_leads", chosen, (cube, row) => cube.reason[row]);
    const note = noteUnknown(chosen, ["unbooked_leads"]);
    if (!groups.size) return figure("reasons", title, note ?? NOTHING);
    const [order] = topGroups(groups, "unbooked_leads", Infinity);
    const values = order.map((reason) => groups.get(reason).unbooked_leads);
    const all = values.reduce((sum, value) => sum + value, 0);
    const rows = order.map((reason, place) => [figures.reasons[reason], values[place], share(values[place], all)]);
    const chart = { isLying: true, labels: rows.slice(0, 10).map(([name]) => label(name)), series: [["new leads", values.slice(0, 10)]] };
    return figure("reasons", title, note, chart, makeTable(title, [["reason"], ["new leads", "count"], ["share", "rate"]], rows));
  };

  const owned = (chosen, [customer, name]) => (chosen.customer === null && customers.length > 1 ? `${name} (${customers[customer].name})` : name);

  const agents = (chosen) => {
    const title = "Agents";
    const calls = addUp("agent_calls", chosen, (cube, row) => cube.agent[row]);
    const chances = addUp("opportunities", chosen, (cube, row) => cube.agent[row]);
    for (const agent of chances.keys()) if (!calls.has(agent)) calls.set(agent, { answered_inbound_calls: 0, answered_outbound_calls: 0, talk_seconds: 0, bookings: 0 });
    if (!calls.size) return figure("agents", title, NOTHING, null, null, true);
    const [order] = topGroups(calls, "bookings", Infinity);
    const rows = order.map((agent) => {
      const [own, customer] = [calls.get(agent), figures.agents[agent][0]];
      const none = (metric) => (cannotTell(customer, metric) ? null : 0);
      const chance = chances.get(agent) ?? { opportunities: none("opportunities"), booked_opportunities: none("booked_opportunities") };
      return [owned(chosen, figures.agents[agent]), own.answered_inbound_calls, own.answered_outbound_calls, own.talk_seconds, own.bookings,
        chance.opportunities, chance.booked_opportunities, chance.opportunities ? share(chance.booked_opportunities, chance.opportunities) : null];
    });
    const top = rows.slice(0, 10);
    const columns = [["agent"], ["answered inbound calls", "count"], ["answered outbound calls", "count"], ["hours of talk", "hours"], ["bookings", "count"],
      ["opportunities", "count"], ["booked of these", "count"], ["booking rate", "rate"]];
    const note = ["The ten agents with most bookings, existing patients included. Opportunities are new leads that the agent spoke to before they were booked.", noteUnknown(chosen, ["opportunities", "booked_opportunities"])].filter(Boolean).join(" ");
    const chart = { isLying: true, labels: top.map(([name]) => label(name)), series: [["bookings", top.map((row) => row[4])], ["opportunities", top.map((row) => row[5])]] };
    return figure("agents", title, note, chart, makeTable(title, columns, rows), true);
  };

  const places = (chosen) => {
    const title = "Locations";
    const leads = addUp("leads", chosen, (cube, row) => cube.location[row]);
    const calls = addUp("calls", chosen, (cube, row) => cube.location[row]);
    for (const place of calls.keys()) {
      if (leads.has(place)) continue;
      leads.set(place, Object.fromEntries(CUBES.leads.map((metric) => [metric, cannotTell(locations[place][0], metric) ? null : 0])));
    }
    if (!leads.size) return figure("locations", title, NOTHING, null, null, true);
    const [order] = topGroups(leads, "new_leads", Infinity);
    const rows = order.map((place) => {
      const [own, call] = [leads.get(place), calls.get(place) ?? { inbound_calls: 0, answered_calls: 0, missed_calls: 0 }];
      return [owned(chosen, locations[place]), own.new_leads, own.booked_leads, own.new_leads ? share(own.booked_leads, own.new_leads) : null, own.revenue,
        call.inbound_calls, share(call.answered_calls, call.answered_calls + call.missed_calls)];
    });
    const top = rows.slice(0, 15);
    const columns = [["location"], ["new leads", "count"], ["booked", "count"], ["booking rate", "rate"], ["revenue", "money"], ["inbound calls", "count"], ["answer rate", "rate"]];
    const chart = { isLying: true, labels: top.map(([name]) => label(name)), series: [["new leads", top.map((row) => row[1])], ["booked", top.map((row) => row[2])]] };
    const note = [rows.length > top.length ? `The ${top.length} with most new leads; the table has all ${whole.format(rows.length)}.` : null, noteUnknown(chosen, ["new_leads", "booked_leads", "revenue"])].filter(Boolean).join(" ");
    return figure("locations", title, note, chart, makeTable(title, columns, rows), true);
  };

  const callsOverTime = (chosen, periods) => {
    const title = "Inbound calls";
    const groups = addUp("calls", chosen, (cube, row) => periods.of(cube.day[row]));
    if (!groups.size) return figure("calls", title, NOTHING);
    const starts = [];
    for (let start = periods.first; start <= periods.last; start = periods.next(start)) starts.push(start);
    const sums = starts.map((start) => groups.get(start) ?? { inbound_calls: 0, answered_calls: 0, missed_calls: 0 });
    const labels = starts.map((start) => periods.format.format(toDate(start)));
    const rows = labels.map((name, place) => {
      const { inbound_calls: all, answered_calls: answered, missed_calls: missed } = sums[place];
      return [name, all, answered, missed, answered + missed ? answered / (answered + missed) : null];
    });
    const columns = [[periods.name], ["inbound calls", "count"], ["answered", "count"], ["missed", "count"], ["answer rate", "rate"]];
    const series = [["answered", sums.map((one) => one.answered_calls)], ["missed", sums.map((one) => one.missed_calls)]];
    return figure("calls", title, `By ${periods.name}.`, { labels, series, isStacked: true }, makeTable(title, columns, rows));
  };

  const showSelection = (chosen) => {
    const who = chosen.customer === null ? (customers.length === 1 ? label(customers[0].name) : `All ${plural(customers.length, "customer", "customers")}`) : `Customer ${label(customers[chosen.customer].name)}`;
    const where = chosen.place === null ? "all locations" : label(locations[chosen.place][1]);
    const when = days ? `${dayFormat.format(toDate(Math.max(chosen.since, days.first)))} to ${dayFormat.format(toDate(Math.min(chosen.until, days.last)))}` : "no days";
    byId("selected").textContent = chosen.since > chosen.until ? "The first day is after the last day." : `${who}, ${where}, ${when}`;
  };

  const refresh = (isPrinted) => {
    const opened = new Set([...document.querySelectorAll("#charts details[open]")].map((one) => one.closest("figure").id));
    for (const [canvas] of charts) Chart.getChart(canvas)?.destroy();
    charts = [];
    const chosen = select();
    markPreset();
    showSelection(chosen);
    const [leads, calls, missed] = [total("leads", chosen), total("calls", chosen), total("missed_calls", chosen)];
    showTiles(leads, calls, missed);
    const isEmpty = !days || Math.max(chosen.since, days.first) > Math.min(chosen.until, days.last);
    if (isEmpty) {
      byId("charts").replaceChildren(figure("nothing", "No figures", NOTHING, null, null, true));
      return;
    }
    const periods = periodsOf(chosen);
    const channels = addUp("leads", chosen, (cube, row) => cube.channel[row]);
    byId("charts").replaceChildren(
      funnel(chosen, leads),
      channelTable(chosen, channels),
      overTime("leads", "New leads by channel", "new_leads", "count", chosen, periods, channels),
      overTime("bookings", "Bookings by channel", "booked_leads", "count", chosen, periods, channels),
      overTime("revenues", "Revenue by channel", "revenue", "money", chosen, periods, channels),
      heatmap(chosen),
      make("div", { class: "column" }, callsOverTime(chosen, periods), callbacks(chosen, missed), reasons(chosen)),
      agents(chosen),
      places(chosen),
    );
    for (const id of opened) byId(id)?.querySelector("details")?.setAttribute("open", "");
    drawCharts(isPrinted);
  };

  const start = () => {
    const made = `${momentFormat.format(new Date(figures.made_at))} UTC`;
    byId("made").textContent = `Dataset ${figures.dataset}, as of ${made}. liine-source ${figures.version}. This page does not update itself.`;
    byId("page").hidden = false;
    const order = customers.map((one, number) => [number, one.name]).sort((one, other) => one[1].localeCompare(other[1], undefined, { numeric: true }));
    const options = order.map(([number, name]) => option(number, label(name)));
    byId("customer").replaceChildren(...(customers.length === 1 ? [] : [option("", "All customers")]), ...options);
    if (days) for (const id of ["since", "until"]) Object.assign(byId(id), { min: toIso(days.first), max: toIso(days.last) });
    setDays(0);
    fillPlaces();
    showData();
    byId("selection").addEventListener("submit", (event) => event.preventDefault());
    byId("customer").addEventListener("change", fillPlaces);
    byId("selection").addEventListener("change", () => refresh(false));
    for (const button of document.querySelectorAll("[data-days]")) {
      button.addEventListener("click", () => {
        setDays(Number(button.dataset.days));
        refresh(false);
      });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => refresh(false));
    // Paper is white.
    matchMedia("print").addEventListener("change", (event) => refresh(event.matches));
    refresh(false);
  };

  start();
};

const readFigures = () => {
  const bytes = Uint8Array.from(atob(document.getElementById("figures").textContent), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

const fail = (text) => {
  const failure = document.getElementById("failure");
  failure.textContent = text;
  failure.hidden = false;
};

if (typeof DecompressionStream === "undefined") {
  fail("This browser is too old for the report: open it in a current Chrome, Edge, Firefox or Safari.");
} else {
  readFigures().then(showReport, () => fail("The file is damaged: write it again with `liine report`."));
}
