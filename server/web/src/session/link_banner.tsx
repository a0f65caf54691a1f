// What keeps the session from being seen or from going on, in words.
import { useEffect, useState } from 'preact/hooks';
import { kEnded } from '../chat/connection';
import { online } from '../ui/state';
import type { SessionModel } from './model';

export function LinkBanner({ model }: { model: SessionModel }) {
  const link = model.link.value;
  if (link.name === 'waiting') return <Waiting model={model} delayMs={link.delayMs} reason={link.reason} />;
  if (link.name === 'ended' && link.code === kEnded.deleted) {
    return <p class="banner" role="status">This session was deleted. Its chat and its files can still be read for a while.</p>;
  }
  if (link.name === 'connecting' && model.caughtUp.value) return <p class="banner" role="status">Connecting again…</p>;
  const trouble = model.trouble.value;
  if (trouble && trouble.status !== 0 && trouble.status !== 401) {
    return <p class="banner" role="status">{trouble.message} {trouble.hint}</p>;
  }
  return <Progress model={model} />;
}

function Waiting({ model, delayMs, reason }: { model: SessionModel; delayMs: number; reason: string }) {
  const [left, setLeft] = useState(Math.ceil(delayMs / 1000));
  useEffect(() => {
    const end = Date.now() + delayMs;
    const tick = setInterval(() => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000))), 250);
    return () => clearInterval(tick);
  }, [delayMs]);
  return (
    <p class="banner waiting">
      <span role="status">Reconnecting. {online.value ? reason : 'You are offline'}.</span>{' '}
      <span class="muted">Next try {left > 0 ? `in ${left} s` : 'now'}. Nothing is lost.</span>
      <button onClick={() => model.retryNow()}>Try now</button>
    </p>
  );
}

function Progress({ model }: { model: SessionModel }) {
  const { phase, status } = model.transcript.value;
  if (!phase || phase.progress >= 100 || phase.name === 'expired' || status !== 'initializing') return null;
  return (
    <div class="banner progress">
      <label for="phase" role="status">{phase.message}</label>
      <progress id="phase" max={100} value={phase.progress}>{phase.progress} %</progress>
    </div>
  );
}
