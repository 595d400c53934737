// Numbers, dates and texts as the reader's browser writes them.

const DAY = 86400000;
// Money is added in whole millionths of a dollar, which floating point adds exactly.
const MONEY = 1e6;

const whole = new Intl.NumberFormat();
const dollars = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const percent = new Intl.NumberFormat(undefined, {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
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

const plural = (count, one, many) => `${whole.format(count)} ${count === 1 ? one : many}`;
const formats = {
  count: (value) => whole.format(value),
  money: (value) => dollars.format(value / MONEY),
  rate: (value) => percent.format(value),
  hours: (value) => (value / 3600).toLocaleString(undefined, { maximumFractionDigits: 1 }),
};
/** Null is unknown; NaN is a rate of nothing. */
const show = (value, kind = "count") => {
  if (value === null) return "unknown";
  return Number.isNaN(value) ? "–" : formats[kind](value);
};

const sentences = (...parts) => parts.filter(Boolean).join(" ");
