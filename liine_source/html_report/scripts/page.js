// The selection, and the page that shows it.

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

const fillPlaces = () => {
  const customer = byId("customer").value;
  const own =
    customer === ""
      ? []
      : locations.flatMap(([owner, name], number) => (owner === Number(customer) ? [[number, name]] : []));
  own.sort((one, other) => one[1].localeCompare(other[1]));
  byId("place").replaceChildren(
    option("", "All locations"),
    ...own.map(([number, name]) => option(number, label(name))),
  );
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

const showSelection = (chosen) => {
  const who =
    chosen.customer === null
      ? customers.length === 1
        ? label(customers[0].name)
        : `All ${plural(customers.length, "customer", "customers")}`
      : `Customer ${label(customers[chosen.customer].name)}`;
  const where = chosen.place === null ? "all locations" : label(locations[chosen.place][1]);
  const [first, last] = days ? [Math.max(chosen.since, days.first), Math.min(chosen.until, days.last)] : [];
  const when = days ? `${dayFormat.format(toDate(first))} to ${dayFormat.format(toDate(last))}` : "no days";
  byId("selected").textContent =
    chosen.since > chosen.until ? "The first day is after the last day." : `${who}, ${where}, ${when}`;
};

const tile = (id, title, value, kind, note) => {
  const text = show(value, kind);
  return make(
    "div",
    { class: "tile" },
    make("span", {}, title),
    make("b", { id, class: text === "unknown" && "unknown", "data-value": value }, text),
    make("small", {}, note),
  );
};

/** A rate and what it is of; nothing where there is no rate. */
const rateOf = (part, all, words) => {
  const rate = share(part, all);
  return rate === null || Number.isNaN(rate) ? "" : `${formats.rate(rate)} ${words}`;
};

const showTiles = (leads, calls, missed) => {
  const [booked, back] = [leads.booked_leads, missed.called_back_calls];
  const answered = whole.format(calls.answered_calls);
  const decided = whole.format(calls.answered_calls + calls.missed_calls);
  const judged = whole.format(missed.decided_calls);
  byId("tiles").replaceChildren(
    tile("new_leads", "New leads", leads.new_leads, "count", ""),
    tile("booked_leads", "Booked", booked, "count", rateOf(booked, leads.new_leads, "of new leads")),
    tile("revenue", "Revenue", leads.revenue, "money", "of these leads"),
    tile("answer_rate", "Answer rate", answerRate(calls), "rate", `${answered} of ${decided} inbound calls`),
    tile("missed_calls", "Missed calls", missed.missed_calls, "count", `${judged} can be judged`),
    tile("called_back_calls", "Called back", back, "count", rateOf(back, missed.decided_calls, "of those judged")),
  );
};

const refresh = (isPrinted) => {
  const opened = new Set(
    [...document.querySelectorAll("#charts details[open]")].map((one) => one.closest("figure").id),
  );
  for (const [canvas] of charts) Chart.getChart(canvas)?.destroy();
  charts = [];
  const chosen = select();
  markPreset();
  showSelection(chosen);
  const [leads, calls, missed] = [total("leads", chosen), total("calls", chosen), total("missed_calls", chosen)];
  showTiles(leads, calls, missed);
  const isEmpty = !days || Math.max(chosen.since, days.first) > Math.min(chosen.until, days.last);
  if (isEmpty) {
    byId("charts").replaceChildren(figure("nothing", "No figures", { isWide: true }));
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
  byId("made").textContent =
    `Dataset ${figures.dataset}, as of ${made}. liine-source ${figures.version}. This page does not update itself.`;
  byId("page").hidden = false;
  const order = customers
    .map((one, number) => [number, one.name])
    .sort((one, other) => one[1].localeCompare(other[1], undefined, { numeric: true }));
  const options = order.map(([number, name]) => option(number, label(name)));
  byId("customer").replaceChildren(...(customers.length === 1 ? [] : [option("", "All customers")]), ...options);
  if (days)
    for (const id of ["since", "until"]) Object.assign(byId(id), { min: toIso(days.first), max: toIso(days.last) });
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
