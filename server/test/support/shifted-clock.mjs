// Loaded before a server (node --import): its clock is wrong by TEST_CLOCK_SHIFT_MS. The monotonic
// clock and the timers stay right, as on a machine whose time was set wrong.
const shift = Number(process.env.TEST_CLOCK_SHIFT_MS);
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + shift] : given));
  }

  static now() {
    return RealDate.now() + shift;
  }
};
