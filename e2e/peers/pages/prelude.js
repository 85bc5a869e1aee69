// Stands in front of every script of the peers' pages and workers, and bends the platform as the address asks for it:
// `?shift=MS` sets the clock that far off, `?locks=off` takes the Web Locks away.
{
  const wishes = new URL(self.location.href).searchParams
  const shiftMs = Number(wishes.get('shift') ?? 0)
  if (shiftMs !== 0) {
    const RealDate = Date
    self.Date = class extends RealDate {
      constructor(...parts) {
        if (parts.length === 0) super(RealDate.now() + shiftMs)
        else super(...parts)
      }
      static now() {
        return RealDate.now() + shiftMs
      }
    }
  }
  if (wishes.get('locks') === 'off') delete Object.getPrototypeOf(navigator).locks
}
