// Whether the data is complete and fresh, by customer.

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

const verdict = (incomplete, old) => {
  const ofAll = `of ${plural(customers.length, "customer", "customers")}`;
  if (!customers.length) return ["No customer was ever loaded.", "bad"];
  if (incomplete) {
    const more = old ? `, ${whole.format(old)} not fresh` : "";
    return [`No: ${whole.format(incomplete)} ${ofAll} not proven complete${more}.`, "bad"];
  }
  if (old) return [`Complete, but old: ${whole.format(old)} ${ofAll} not fresh.`, "warn"];
  return [`Yes: ${plural(customers.length, "customer is", "customers are")} proven complete and fresh.`, "good"];
};

const customerRow = (one) => {
  const toLookAt = Object.entries(one.warnings).map(([name, count]) => `${name}${count > 1 ? ` (${count})` : ""}`);
  const hints = [...one.problems, ...toLookAt.map((name) => `to look at: ${name}`)];
  const moment = one.loaded_through ? `${momentFormat.format(new Date(one.loaded_through))} UTC` : "never";
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, label(one.name)),
    make("td", { class: "text" }, completeness(one), " ", freshness(one)),
    cell(one.in_api),
    cell(one.in_warehouse),
    make("td", { class: "text when" }, moment),
    make(
      "td",
      { class: "text description" },
      one.description,
      ...hints.map((hint) => make("p", { class: "note" }, hint)),
    ),
  );
};

const showData = () => {
  const incomplete = customers.filter((one) => !one.is_complete).length;
  const old = customers.filter((one) => !one.is_fresh).length;
  const [words, kind] = verdict(incomplete, old);
  byId("data").replaceChildren(make("p", { class: `message ${kind}` }, words));
  if (!customers.length) return;
  const rows = [...customers].sort((one, other) => severity(one) - severity(other)).map(customerRow);
  const counts = [
    ["all in API", "count"],
    ["in warehouse", "count"],
  ];
  const columns = [["customer"], ["status"], ...counts, ["complete through"], ["what was loaded"]];
  const note = sentences(
    "Complete: as many interactions were found as the API counts, or pages were read until none had a new one.",
    "As of the last build of the models.",
  );
  const isOpen = customers.length <= 5 || incomplete > 0 || old > 0;
  const table = scroll("Completeness by customer", columns, rows);
  byId("data").append(
    make("p", { class: "note" }, note),
    make("details", { open: isOpen }, make("summary", {}, "Show each customer"), table),
  );
};
