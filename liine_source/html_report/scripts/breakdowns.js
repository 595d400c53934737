// Agents and locations.

/** The name of an agent or location, with its customer where there are several. */
const owned = (chosen, [customer, name]) =>
  chosen.customer === null && customers.length > 1 ? `${name} (${customers[customer].name})` : name;

const agents = (chosen) => {
  const title = "Agents";
  const calls = addUp("agent_calls", chosen, (cube, row) => cube.agent[row]);
  const chances = addUp("opportunities", chosen, (cube, row) => cube.agent[row]);
  for (const agent of chances.keys()) if (!calls.has(agent)) calls.set(agent, zeros("agent_calls"));
  if (!calls.size) return figure("agents", title, { isWide: true });
  const [order] = topGroups(calls, "bookings", Infinity);
  const rows = order.map((agent) => {
    const own = calls.get(agent);
    const chance = chances.get(agent) ?? without("opportunities", figures.agents[agent][0]);
    const rate = share(chance.booked_opportunities, chance.opportunities);
    const counts = [own.answered_inbound_calls, own.answered_outbound_calls, own.talk_seconds, own.bookings];
    return [owned(chosen, figures.agents[agent]), ...counts, chance.opportunities, chance.booked_opportunities, rate];
  });
  const columns = [
    ["agent"],
    ["answered inbound calls", "count"],
    ["answered outbound calls", "count"],
    ["hours of talk", "hours"],
    ["bookings", "count"],
    ["opportunities", "count"],
    ["booked of these", "count"],
    ["booking rate", "rate"],
  ];
  return figure("agents", title, {
    note: sentences(
      rows.length > 10 && "The ten agents with most bookings; the table has all.",
      "Bookings include existing patients.",
      "Opportunities are new leads that the agent spoke to before they were booked.",
      noteUnknown(chosen, ["opportunities", "booked_opportunities"]),
    ),
    chart: bars(rows.slice(0, 10), [
      ["bookings", 4],
      ["opportunities", 5],
    ]),
    table: makeTable(title, columns, rows),
    isWide: true,
  });
};

const places = (chosen) => {
  const title = "Locations";
  const leads = addUp("leads", chosen, (cube, row) => cube.location[row]);
  const calls = addUp("calls", chosen, (cube, row) => cube.location[row]);
  for (const place of calls.keys()) if (!leads.has(place)) leads.set(place, without("leads", locations[place][0]));
  if (!leads.size) return figure("locations", title, { isWide: true });
  const [order] = topGroups(leads, "new_leads", Infinity);
  const rows = order.map((place) => {
    const { new_leads: all, booked_leads: booked, revenue } = leads.get(place);
    const call = calls.get(place) ?? zeros("calls");
    const rates = [share(booked, all), revenue, call.inbound_calls, answerRate(call)];
    return [owned(chosen, locations[place]), all, booked, ...rates];
  });
  const columns = [
    ["location"],
    ["new leads", "count"],
    ["booked", "count"],
    ["booking rate", "rate"],
    ["revenue", "money"],
    ["inbound calls", "count"],
    ["answer rate", "rate"],
  ];
  return figure("locations", title, {
    note: sentences(
      rows.length > 15 && `The 15 with most new leads; the table has all ${whole.format(rows.length)}.`,
      noteUnknown(chosen, ["new_leads", "booked_leads", "revenue"]),
    ),
    chart: bars(rows.slice(0, 15), [
      ["new leads", 1],
      ["booked", 2],
    ]),
    table: makeTable(title, columns, rows),
    isWide: true,
  });
};
