"use strict";
// The index: other groupings, and a search. Without it the index is grouped by lock.
(() => {
  const groups = document.getElementById("groups");
  const tools = document.getElementById("tools");
  if (!groups || !tools) return;
  const tiles = [...groups.querySelectorAll(".tile")];
  const ways = [["lock", "by lock"], ["broke", "by what broke"], ["fault", "by fault"], ["group", "by chapter"]];

  const element = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const search = element("input", { type: "search", placeholder: "Search scenarios" });
  search.setAttribute("aria-label", "Search the scenarios");
  const way = element("select", {}, ...ways.map(([value, words]) => element("option", { value }, words)));
  way.setAttribute("aria-label", "Group the scenarios");
  const count = element("span", { className: "meta" });
  count.setAttribute("role", "status");
  tools.append(search, way, count);

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = tiles.filter((tile) => words.every((word) => tile.textContent.toLowerCase().includes(word) || tile.dataset.broke.includes(word)));
    const by = new Map();
    for (const tile of chosen) {
      const key = tile.dataset[way.value];
      if (!by.has(key)) by.set(key, []);
      by.get(key).push(tile);
    }
    groups.replaceChildren(...[...by].map(([key, members]) => {
      const list = element("ul", { className: "tiles" }, ...members);
      const heading = element("h3", {}, `${key} `, element("span", { className: "meta" }, String(members.length)));
      return element("section", { className: "group" }, heading, list);
    }));
    count.textContent = `${chosen.length} of ${tiles.length}`;
    const parts = new URLSearchParams();
    if (way.value !== "lock") parts.set("by", way.value);
    if (search.value) parts.set("q", search.value);
    history.replaceState(null, "", parts.size ? `#${parts}` : location.pathname);
  }
  const recalled = new URLSearchParams(location.hash.slice(1));
  if (ways.some(([value]) => value === recalled.get("by"))) way.value = recalled.get("by");
  search.value = recalled.get("q") ?? "";
  search.addEventListener("input", show);
  way.addEventListener("change", show);
  if (location.hash) show();
})();
