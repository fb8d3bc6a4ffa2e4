/* Asks how far the run is, and draws its figures again when there is more. */
{
  const AGAIN = 1500;
  const { element, Figure } = Figures;
  const place = (id) => document.getElementById(id);
  const drawn = new Map();
  let version = null;
  let last = "";
  let warnings = [];

  const words = (seconds) => {
    if (seconds < 99.5) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} days`;
  };

  async function ask(what) {
    const reply = await fetch(what, { cache: "no-store" });
    if (!reply.ok) throw new Error(`it answered ${reply.status}`);
    return reply.json();
  }

  function pace({ jobs: [done, all], share, left, standing, over, shard }) {
    const parts = [`${done} of ${all} jobs`, `${Math.round(100 * share)} % of the work`];
    if (shard) parts.push(`shard ${shard}`);
    if (over) parts.push(standing === "completed" ? "completed" : `ended: ${standing}`);
    else if (left !== null && done < all) parts.push(left < 1 ? "nearly done" : `about ${words(left)} left`);
    else if (done < all) parts.push("the time left is known when a job is done");
    else parts.push("writing what it found");
    return `${parts.join(", ")}.`;
  }

  function tell(damages) {
    const told = [...damages.map((damage) => `Damaged: ${damage}.`), ...warnings];
    place("notices").replaceChildren(...told.map((text) => element("p", { class: "notice" }, text)));
  }

  /** The place of a figure in the page. It is there before the figure is drawn, which takes a width. */
  function slot(article, name) {
    if (!drawn.has(name)) {
      const caption = element("figcaption");
      const root = element("figure", { id: `figure-${name}` }, caption);
      article.append(root);
      drawn.set(name, { root, caption, memory: { live: true } });
    }
    return drawn.get(name);
  }

  /** Draws a figure, if its numbers are others than before; zoom and what is hidden stay. */
  function show(known, { name, title, note, wide, data }) {
    known.root.className = wide ? "wide" : "narrow";
    known.caption.replaceChildren(element("strong", {}, title), `. ${note}`);
    const numbers = JSON.stringify(data);
    if (known.numbers === numbers) return;
    known.numbers = numbers;
    known.figure?.remove();
    known.empty?.remove();
    if (data) known.figure = new Figure(known.root, data, name, known.memory);
    else known.root.prepend((known.empty = element("p", { class: "notice" }, "There is nothing to draw yet.")));
  }

  function lay({ cautions, diverged, analyses }) {
    for (const { name, title, jobs, figures } of analyses) {
      const id = `results-${name}`;
      if (!place(id)) {
        place("analyses").append(element("article", { id }, element("h2", {}, title), element("p", { class: "soft" })));
      }
      place(id).querySelector("p").textContent = `${jobs} done.`;
      figures.forEach((figure) => show(slot(place(id), figure.name), figure));
    }
    warnings = [...diverged.map((job) => `Diverged: ${job}.`), ...cautions.map((caution) => `Validity: ${caution}.`)];
  }

  async function look() {
    try {
      const now = await ask("progress");
      if (now.waiting !== undefined) {
        place("pace").textContent = now.waiting;
      } else {
        document.title = `${Math.round(100 * now.share)} % ${now.title}`;
        place("title").textContent = now.title;
        place("share").value = now.share;
        place("pace").textContent = last = pace(now);
        if (now.version !== version) {
          lay(await ask("results"));
          version = now.version;
        }
        tell(now.damages);
      }
    } catch (error) {
      place("pace").textContent = `${last} The program no longer answers (${error.message}): what is shown was seen last.`;
    }
    setTimeout(look, AGAIN);
  }
  look();
}
