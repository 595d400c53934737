// Leads: funnel, channels, and reasons not booked.

const FUNNEL = {
  new_leads: "new leads",
  reached_leads: "reached",
  booked_leads: "booked",
  leads_with_appointment: "with an appointment",
  attended_leads: "attended",
};

const funnel = (chosen, leads) => {
  const steps = Object.entries(FUNNEL).map(([metric, name]) => [name, leads[metric]]);
  const known = steps.filter(([, value]) => value !== null);
  const rows = steps.map(([name, value]) => [name, value, share(value, leads.new_leads)]);
  const columns = [["step"], ["leads", "count"], ["of new leads", "rate"]];
  return figure("funnel", "Lead funnel", {
    note: noteUnknown(chosen, Object.keys(FUNNEL)),
    chart: known.length && bars(known, [["leads", 1]]),
    table: makeTable("Lead funnel", columns, rows),
  });
};

const channelTable = (chosen, channels) => {
  if (!channels.size) return figure("channels", "Channels");
  const [order] = topGroups(channels, "new_leads", Infinity);
  const rows = order.map((channel) => {
    const { new_leads: all, booked_leads: booked, revenue } = channels.get(channel);
    return [figures.channels[channel], all, booked, share(booked, all), revenue];
  });
  const counts = [
    ["new leads", "count"],
    ["booked", "count"],
    ["booking rate", "rate"],
    ["revenue", "money"],
  ];
  return figure("channels", "Channels", {
    note: noteUnknown(chosen, ["booked_leads", "revenue"]),
    table: makeTable("Channels", [["first channel"], ...counts], rows),
  });
};

/** A chart over time with a colour for each of the channels with most new leads. */
const overTime = (id, title, metric, kind, chosen, periods, channels) => {
  if (!channels.size) return figure(id, title, { isWide: true });
  const [top, rest] = topGroups(channels, "new_leads", 7);
  const find = new Map(top.map((channel, place) => [channel, place]));
  // A number for each pair of channel and day.
  const key = (place, start) => place * 100000 + start;
  const groups = addUp("leads", chosen, (cube, row) =>
    key(find.get(cube.channel[row]) ?? top.length, periods.of(cube.day[row])),
  );
  const names = top.map((channel) => label(figures.channels[channel]));
  if (rest.length) names.push(`${rest.length} other channels`);
  const value = (place, start) => groups.get(key(place, start))?.[metric];
  const series = names.map((name, place) => [name, periods.starts.map((start) => value(place, start) ?? null)]);
  const rows = periods.starts.map((start, number) => {
    // Where there is no lead it is 0, and null makes the sum unknown.
    const values = names.map((_, place) => (value(place, start) === undefined ? 0 : value(place, start)));
    const sum = values.includes(null) ? null : values.reduce((all, one) => all + one, 0);
    return [periods.labels[number], sum, ...values];
  });
  const partial = periods.name === "day" ? "." : `; the first and the last ${periods.name} may be incomplete.`;
  return figure(id, title, {
    note: sentences(`By ${periods.name}${partial}`, noteUnknown(chosen, [metric])),
    chart: { labels: periods.labels, series, isStacked: true, kind },
    table: makeTable(title, [[periods.name], ["all", kind], ...names.map((name) => [name, kind])], rows),
    isWide: true,
  });
};

const reasons = (chosen) => {
  const title = "Reasons not booked";
  const groups = addUp("unbooked_leads", chosen, (cube, row) => cube.reason[row]);
  const note = noteUnknown(chosen, ["unbooked_leads"]);
  if (!groups.size) return figure("reasons", title, { note });
  const all = [...groups.values()].reduce((sum, one) => sum + one.unbooked_leads, 0);
  const [order] = topGroups(groups, "unbooked_leads", Infinity);
  const rows = order.map((reason) => {
    const value = groups.get(reason).unbooked_leads;
    return [figures.reasons[reason], value, share(value, all)];
  });
  const columns = [["reason"], ["new leads", "count"], ["share", "rate"]];
  return figure("reasons", title, {
    note,
    chart: bars(rows.slice(0, 10), [["new leads", 1]]),
    table: makeTable(title, columns, rows),
  });
};
