/* global window, document, PerformanceObserver, requestAnimationFrame, MessageChannel */
// What runs inside the page to measure it: moments are taken where they happen, not over the wire
// that drives the browser.

/** Given to every page before its own scripts. */
export function watchPage() {
  const watch = { pressedAt: 0, requests: [], longTasks: [], snapshotAt: 0, paintedAt: 0 };
  window.watch = watch;
  for (const type of ['keydown', 'click', 'input']) {
    window.addEventListener(type, (event) => (watch.pressedAt = event.timeStamp), true);
  }
  const send = window.fetch;
  window.fetch = (...args) => {
    const [url, init] = args;
    const method = init?.method ?? url?.method ?? 'GET';
    if (method === 'POST')
      watch.requests.push({ url: String(url?.url ?? url), at: performance.now() });
    return send.apply(window, args);
  };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      watch.longTasks.push({ at: startTime, ms: duration });
    }
  }).observe({ type: 'longtask', buffered: true });

  /** When what `check` sees has been painted: looked at once a frame, just before it is drawn. */
  watch.painted = (check) =>
    new Promise((resolve) => {
      const look = () => {
        if (!check()) return requestAnimationFrame(look);
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null);
      };
      requestAnimationFrame(look);
    });
  watch.grid = () => document.querySelector('[role=grid]');
  watch.rows = () => document.querySelectorAll('[role=grid] [role=rowgroup] [role=row]');
  watch.count = () => Number(watch.grid()?.getAttribute('aria-rowcount') ?? 0) - 1;
  watch.active = () => document.getElementById(watch.grid()?.getAttribute('aria-activedescendant'));
  void watch.painted(() => watch.rows().length > 5).then((at) => (watch.paintedAt = at));
}

/** Milliseconds between frames while every row goes by. */
export async function scrollThrough(step) {
  const grid = document.querySelector('[role=grid]');
  const times = [];
  const started = performance.now();
  await new Promise((resolve) => {
    let last = null;
    const frame = (now) => {
      if (last !== null) times.push(now - last);
      last = now;
      const before = grid.scrollTop;
      grid.scrollTop += step;
      if (grid.scrollTop === before) return resolve();
      requestAnimationFrame(frame);
    };
    grid.scrollTop = 0;
    requestAnimationFrame(frame);
  });
  const longTasks = window.watch.longTasks.filter(({ at }) => at >= started).length;
  grid.scrollTop = 0;
  return { times, longTasks };
}
