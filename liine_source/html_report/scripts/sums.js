// Sums of the selected days, customer and location.

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

/** A rate: null where it is unknown, NaN where there is nothing to divide by. */
const share = (part, all) => (part === null || all === null ? null : all === 0 ? NaN : part / all);

const zeros = (name) => Object.fromEntries(CUBES[name].map((metric) => [metric, 0]));

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
      sums = zeros(name);
      groups.set(group, sums);
    }
    for (const metric of metrics) {
      if (cannotTell(customer, metric)) sums[metric] = null;
      else if (sums[metric] !== null) sums[metric] += cube[metric][row];
    }
  }
  return groups;
};

const selectedCustomers = (chosen) =>
  chosen.customer === null ? customers.map((_, number) => number) : [chosen.customer];

/** The sums of all rows; null also where a selected customer cannot tell it and therefore has no row. */
const total = (name, chosen) => {
  const sums = addUp(name, chosen, () => 0).get(0) ?? zeros(name);
  for (const metric of CUBES[name]) {
    if (selectedCustomers(chosen).some((customer) => cannotTell(customer, metric))) sums[metric] = null;
  }
  return sums;
};

/** The sums of a group without rows: null where its customer cannot tell them. */
const without = (name, customer) =>
  Object.fromEntries(CUBES[name].map((metric) => [metric, cannotTell(customer, metric) ? null : 0]));

/** Names the selected customers that cannot tell one of the metrics, for a note. */
const noteUnknown = (chosen, metrics) => {
  const found = selectedCustomers(chosen).filter((one) => metrics.some((metric) => cannotTell(one, metric)));
  if (!found.length) return null;
  const names =
    found
      .slice(0, 5)
      .map((one) => label(customers[one].name))
      .join(", ") + (found.length > 5 ? ", …" : "");
  return `Unknown for ${plural(found.length, "customer", "customers")} (${names}): what was loaded stands above.`;
};

/** The groups with the largest sums, and the others together. */
const topGroups = (groups, metric, most) => {
  const names = [...groups.keys()].sort(
    (one, other) => (groups.get(other)[metric] ?? -1) - (groups.get(one)[metric] ?? -1) || one - other,
  );
  return names.length <= most + 1 ? [names, []] : [names.slice(0, most), names.slice(most)];
};

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

const divide = (name, first, last, of, format) => {
  const starts = [];
  for (let day = first; day <= last; day += 1) {
    if (starts.at(-1) !== of(day)) starts.push(of(day));
  }
  return { name, of, starts, labels: starts.map((start) => format.format(toDate(start))) };
};

/** Days, weeks or months of a chart over time, with the days on which they start. */
const periodsOf = (chosen) => {
  const first = Math.max(chosen.since, days.first);
  const last = Math.min(chosen.until, days.last);
  const length = last - first + 1;
  if (length <= 45) return divide("day", first, last, (day) => day, dayFormat);
  if (length <= 400) return divide("week", first, last, (day) => day - weekday(day), dayFormat);
  const month = (day) => {
    const date = toDate(day);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / DAY;
  };
  return divide("month", first, last, month, monthFormat);
};
