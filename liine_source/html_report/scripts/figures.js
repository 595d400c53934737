// The figures of the page, and the words where they cannot be shown.

const byId = (id) => document.getElementById(id);

const fail = (text) => {
  byId("failure").textContent = text;
  byId("failure").hidden = false;
  throw new Error(text);
};

const readFigures = async () => {
  if (typeof DecompressionStream === "undefined") {
    fail("This browser is too old for the report: open it in a current Chrome, Edge, Firefox or Safari.");
  }
  try {
    const bytes = Uint8Array.from(atob(byId("figures").textContent), (char) => char.charCodeAt(0));
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  } catch {
    return fail("The file is damaged: write it again with `liine report`.");
  }
};

const figures = await readFigures();
const { customers, locations } = figures;
