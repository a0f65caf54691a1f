// Timers that run when a test says so.
export class FakeTime {
  private timers: { at: number; run: () => void }[] = [];
  now = 0;

  readonly later = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.now + delayMs, run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((one) => one !== timer));
  };

  // Also lets what awaits a promise go on.
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = due.at;
      due.run();
      await settle();
    }
    this.now = end;
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 10; ++i) await Promise.resolve();
}
