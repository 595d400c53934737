// Calls: over time, by weekday and hour, and callbacks of missed ones.

const answerRate = (calls) => share(calls.answered_calls, calls.answered_calls + calls.missed_calls);

const callsOverTime = (chosen, periods) => {
  const title = "Inbound calls";
  const groups = addUp("calls", chosen, (cube, row) => periods.of(cube.day[row]));
  if (!groups.size) return figure("calls", title);
  const sums = periods.starts.map((start) => groups.get(start) ?? zeros("calls"));
  const rows = sums.map((one, place) => {
    return [periods.labels[place], one.inbound_calls, one.answered_calls, one.missed_calls, answerRate(one)];
  });
  const counts = [
    ["inbound calls", "count"],
    ["answered", "count"],
    ["missed", "count"],
    ["answer rate", "rate"],
  ];
  const series = [
    ["answered", sums.map((one) => one.answered_calls)],
    ["missed", sums.map((one) => one.missed_calls)],
  ];
  return figure("calls", title, {
    note: `By ${periods.name}.`,
    chart: { labels: periods.labels, series, isStacked: true },
    table: makeTable(title, [[periods.name], ...counts], rows),
  });
};

const heatCell = (calls, paint) => {
  const rate = calls ? answerRate(calls) : NaN;
  if (Number.isNaN(rate)) return make("td", {}, "–");
  const decided = calls.answered_calls + calls.missed_calls;
  const title = `${whole.format(calls.answered_calls)} of ${whole.format(decided)} calls answered`;
  const found = make("td", { "data-value": rate, title }, roundPercent.format(rate));
  [found.style.backgroundColor, found.style.color] = paint(rate);
  return found;
};

/** A table whose cells are the chart: it needs no other behind it. */
const heatmap = (chosen) => {
  const title = "Answer rate by weekday and hour";
  const groups = addUp("calls", chosen, (cube, row) => cube.hour[row] * 10 + weekday(cube.day[row]));
  if (!groups.size) return figure("heatmap", title);
  const hours = [...groups.keys()].map((key) => Math.floor(key / 10));
  const rates = [...groups.values()].map(answerRate).filter((rate) => !Number.isNaN(rate));
  const paint = heat(Math.min(...rates), Math.max(...rates));
  const weekdays = [0, 1, 2, 3, 4, 5, 6];
  const rows = [];
  for (let hour = Math.min(...hours); hour <= Math.max(...hours); hour += 1) {
    const head = make("th", { scope: "row" }, `${String(hour).padStart(2, "0")}:00`);
    rows.push(make("tr", {}, head, ...weekdays.map((day) => heatCell(groups.get(hour * 10 + day), paint))));
  }
  // The fifth day of 1970 was a Monday.
  const heads = weekdays.map((day) => make("th", { scope: "col" }, weekdayFormat.format(toDate(day + 4))));
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "hour"), ...heads));
  return figure("heatmap", title, {
    note: sentences(
      "Of inbound calls that were answered or missed, by the practice's local time.",
      "Colours go from the lowest to the highest rate; –: no such call.",
    ),
    table: make("table", { class: "heat" }, head, make("tbody", {}, ...rows)),
  });
};

const callbacks = (chosen, missed) => {
  const title = "Missed calls: called back, and how fast";
  if (!missed.missed_calls) return figure("callbacks", title);
  const isKnown = missed.called_back_calls !== null;
  const between = (more, less) => (isKnown ? more - less : null);
  const steps = [
    ["within 5 minutes", missed.in_5_minutes],
    ["5 minutes to 1 hour", between(missed.in_1_hour, missed.in_5_minutes)],
    ["1 hour to 1 day", between(missed.in_1_day, missed.in_1_hour)],
    ["after 1 day", between(missed.called_back_calls, missed.in_1_day)],
    ["not called back", between(missed.decided_calls, missed.called_back_calls)],
  ];
  const waiting = missed.missed_calls - missed.decided_calls;
  const rows = steps.map(([name, value]) => [name, value, share(value, missed.decided_calls)]);
  const columns = [["called back"], ["missed calls", "count"], ["of those judged", "rate"]];
  return figure("callbacks", title, {
    note: sentences(
      noteUnknown(chosen, ["called_back_calls"]),
      waiting && `Without ${plural(waiting, "call", "calls")} too recent to be judged, or without a lead.`,
    ),
    chart: isKnown && bars(rows, [["missed calls", 1]]),
    table: makeTable(title, columns, rows),
  });
};
