// Listening to signals for a while.

/** Calls `act` for each of the signals until the returned function is called. A signal that this system lacks is left out. */
export function onSignals<Signal extends NodeJS.Signals>(
  signals: readonly Signal[],
  act: (signal: Signal) => void,
): () => void {
  const offs = signals.flatMap((signal) => {
    const listener = () => act(signal);
    try {
      process.on(signal, listener);
    } catch {
      return [];
    }
    return [() => process.off(signal, listener)];
  });
  return () => {
    for (const off of offs) off();
  };
}
