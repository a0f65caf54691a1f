// The session's desktop, live. To watch by default; who takes control has mouse and keyboard until he hands it back.
import { Hand, Maximize, Undo2 } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionModel } from '../session/model';
import { announcement, client, report } from '../ui/state';
import { DesktopControl, type Holder } from './control';
import { DesktopLink } from './link';

interface Parts {
  link: DesktopLink;
  control: DesktopControl;
}

export function DesktopView({ model }: { model: SessionModel }) {
  const status = model.details.value?.status;
  const phase = model.details.value?.phase;
  if (status === undefined) return <Empty text="Loading…" />;
  if (phase === 'expired') return <Empty text="The session has expired." more="A new prompt brings its computer back, with its files." />;
  if (status === 'terminated' || status === 'terminating') return <Empty text="The session has ended, and its computer is gone." />;
  if (status === 'error') return <Empty text="The computer did not come up." more={model.details.value?.error ?? ''} />;
  return <LiveDesktop model={model} />;
}

function Empty({ text, more }: { text: string; more?: string }) {
  return <div class="desktop-empty"><p>{text}</p>{more && <p class="muted">{more}</p>}</div>;
}

function LiveDesktop({ model }: { model: SessionModel }) {
  const screen = useRef<HTMLDivElement>(null);
  const [parts, setParts] = useState<Parts | null>(null);
  useEffect(() => {
    if (!screen.current) return;
    const link = new DesktopLink(client, model.id, screen.current);
    const control = new DesktopControl(client, model.id, link.viewer);
    setParts({ link, control });
    void link.connect();
    return () => {
      link.close();
      control.close();
    };
  }, [model]);

  const holder = parts?.control.holder.value ?? 'agent';
  const link = parts?.link.state.value ?? { name: 'connecting' };
  useEffect(() => parts?.link.setViewOnly(holder !== 'you'), [parts, holder]);
  useEffect(() => {
    if (link.name === 'live') void parts?.control.refresh();
  }, [parts, link.name]);
  const handBack = (): void => {
    parts?.control.release().catch((error: unknown) => report('Control was not handed back', error));
  };
  // The desktop gets every key, so one way out of it by keyboard is kept.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !event.ctrlKey || !event.altKey) return;
    event.stopPropagation();
    event.preventDefault();
    handBack();
    document.getElementById('desktop-control')?.focus();
  };
  return (
    <div class={`desktop ${holder}`}>
      <DesktopBar holder={holder} parts={parts} isLive={link.name === 'live'} handBack={handBack} screen={() => screen.current} />
      <div class="screen" ref={screen} onKeyDownCapture={onKeyDown} role="application" aria-label="Desktop of the session" />
      {link.name !== 'live' && (
        <div class="cover" role="status">
          <p>{link.name === 'connecting' ? 'Waiting for the desktop…' : link.reason}</p>
          {link.name === 'broken' && <p class="muted">It is tried again.</p>}
        </div>
      )}
    </div>
  );
}

const kHolders: Record<Holder, string> = {
  agent: 'The agent has the desktop. You are watching.',
  you: 'You have the desktop. The agent keeps its hands off.',
  other: 'Another person has the desktop.',
};

interface BarProps {
  holder: Holder;
  parts: Parts | null;
  isLive: boolean;
  handBack(): void;
  screen(): HTMLElement | null;
}

function DesktopBar({ holder, parts, isLive, handBack, screen }: BarProps) {
  useEffect(() => {
    if (parts) announcement.value = kHolders[holder];
  }, [parts, holder]);
  const take = (): void => {
    parts?.control.take().catch((error: unknown) => report('You did not get control', error));
  };
  return (
    <div class="bar">
      <span class="holder">{kHolders[holder]}</span>
      {holder === 'you' ? (
        <button id="desktop-control" class="primary" onClick={handBack} title="Ctrl+Alt+Esc on the desktop">
          <Undo2 aria-hidden="true" />Hand back
        </button>
      ) : (
        <button id="desktop-control" onClick={take} disabled={!isLive}>
          <Hand aria-hidden="true" />{holder === 'other' ? 'Take over' : 'Take control'}
        </button>
      )}
      <button class="icon" aria-label="Full screen" title="Full screen" onClick={() => void screen()?.requestFullscreen().catch((error: unknown) => report('No full screen', error))}>
        <Maximize aria-hidden="true" />
      </button>
    </div>
  );
}
