import { AppWindow, ArrowLeft, Download, Square, Trash2 } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { saveProject } from '../files/save';
import { refreshList } from '../sessions/list_state';
import { Confirm } from '../ui/confirm';
import { cost, count, expiry, firstLine } from '../ui/format';
import { client, isWide, now, report } from '../ui/state';
import { StatusChip } from '../ui/status';
import type { SessionModel } from './model';
import { OpenApp } from './open_app';

export function SessionHeader({ model }: { model: SessionModel }) {
  const details = model.details.value;
  return (
    <header class="session-header">
      {!isWide.value && <a class="button icon" href="#/" aria-label="All sessions"><ArrowLeft aria-hidden="true" /></a>}
      <div class="what">
        <h1 title={details?.initial_prompt}>{firstLine(details?.initial_prompt ?? 'Session')}</h1>
        <Figures model={model} />
      </div>
      <Actions model={model} />
    </header>
  );
}

export const hasEnded = (model: SessionModel): boolean => {
  const details = model.details.value;
  return details?.status === 'terminating' || (details?.status === 'terminated' && details.phase !== 'expired');
};

function Figures({ model }: { model: SessionModel }) {
  const details = model.details.value;
  const { status, busy, stopping } = model.transcript.value;
  if (!details) return null;
  const expires = Date.parse(details.expires_at);
  const isLive = details.status !== 'terminated' && details.status !== 'terminating';
  const shown = !isLive ? details.status : busy && status === 'ready' ? 'running' : status;
  const expired = details.phase === 'expired' ? 'expired' : undefined;
  return (
    <p class="figures">
      <StatusChip status={shown} word={stopping ? 'stopping' : isLive ? undefined : expired} />
      <span title="Tokens: read by the model, written by it">
        {count(details.usage.input_tokens)} in · {count(details.usage.output_tokens)} out
      </span>
      {details.usage.cost_usd !== undefined && <span title="Cost of the model so far">{cost(details.usage.cost_usd)}</span>}
      {isLive && <span title={`Ends at ${new Date(expires).toLocaleString()}; each prompt puts that off`}>{expiry(expires, now.value)}</span>}
      <span class="model" title="Model, environment">{details.model} · {details.environment}</span>
    </p>
  );
}

function Actions({ model }: { model: SessionModel }) {
  const [isAsking, setAsking] = useState(false);
  const [isOpening, setOpening] = useState(false);
  const { busy, stopping } = model.transcript.value;
  const ended = hasEnded(model);
  const remove = (): void => {
    client.remove(model.id).then(
      () => {
        void model.refresh();
        void refreshList();
      },
      (error: unknown) => report('The session was not deleted', error),
    );
  };
  return (
    <div class="actions">
      {busy && !ended && (
        <button class="stop" disabled={stopping} onClick={() => model.stop().catch((error: unknown) => report('It was not stopped', error))}>
          <Square aria-hidden="true" />{stopping ? 'Stopping…' : 'Stop'}
        </button>
      )}
      {!ended && (
        <button aria-label="Open an app of the sandbox" title="Open an app that runs in the sandbox" onClick={() => setOpening(true)}>
          <AppWindow aria-hidden="true" /><span class="wide-only">App</span>
        </button>
      )}
      <button aria-label="Download the project as zip" title="Download the project as zip" onClick={() => void saveProject(model.id)}>
        <Download aria-hidden="true" /><span class="wide-only">Zip</span>
      </button>
      {!ended && (
        <button class="icon" aria-label="Delete the session" title="Delete the session" onClick={() => setAsking(true)}>
          <Trash2 aria-hidden="true" />
        </button>
      )}
      {isOpening && <OpenApp id={model.id} onClose={() => setOpening(false)} />}
      {isAsking && (
        <Confirm
          title="Delete this session?" action="Delete"
          text="The agent stops and its computer is taken away. The chat and the project’s zip stay for a while."
          onConfirm={remove} onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
