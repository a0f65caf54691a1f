// An open session: the chat, and beside it or behind tabs the desktop and the files.
import { FolderTree, MessageSquare, MonitorPlay } from 'lucide-preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ChatView } from '../chat/chat_view';
import { kEnded } from '../chat/connection';
import { DesktopView } from '../desktop/desktop_view';
import { FilesView } from '../files/files_view';
import { refreshList } from '../sessions/list_state';
import { firstLine } from '../ui/format';
import { client, isWide, signIn } from '../ui/state';
import { SessionHeader } from './header';
import { LinkBanner } from './link_banner';
import { SessionModel } from './model';

type Tab = 'chat' | 'desktop' | 'files';
const kTabs = {
  chat: { name: 'Chat', Icon: MessageSquare },
  desktop: { name: 'Desktop', Icon: MonitorPlay },
  files: { name: 'Files', Icon: FolderTree },
};

export function SessionView({ id }: { id: string }) {
  const model = useMemo(() => new SessionModel(client, id), [id]);
  const [tab, setTab] = useState<Tab>(isWide.value ? 'desktop' : 'chat');
  useEffect(() => {
    model.start();
    return () => model.close();
  }, [model]);
  const link = model.link.value;
  useEffect(() => void refreshList(), [model.details.value?.status]);
  const title = firstLine(model.details.value?.initial_prompt ?? '');
  useEffect(() => {
    document.title = title ? `${title} · OttoBot` : 'OttoBot';
  }, [title]);
  useEffect(() => {
    if (link.name === 'ended' && link.code === kEnded.credentials) signIn.value = 'wanted';
  }, [link]);

  if (link.name === 'ended' && link.code === kEnded.unknown) return <Unknown />;
  const tabs: Tab[] = isWide.value ? ['desktop', 'files'] : ['chat', 'desktop', 'files'];
  const shown = tabs.includes(tab) ? tab : 'desktop';
  return (
    <main class="session">
      <SessionHeader model={model} />
      <LinkBanner model={model} />
      <div class="panes">
        {isWide.value && <section class="pane chat-pane" aria-label="Chat"><ChatView model={model} /></section>}
        <div class="pane side">
          <Tabs tabs={tabs} shown={shown} choose={setTab} />
          <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${shown}`}>
            {shown === 'chat' && <ChatView model={model} />}
            {shown === 'desktop' && <DesktopView model={model} />}
            {shown === 'files' && <FilesView model={model} />}
          </div>
        </div>
      </div>
    </main>
  );
}

function Tabs({ tabs, shown, choose }: { tabs: Tab[]; shown: Tab; choose(tab: Tab): void }) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = tabs[(tabs.indexOf(shown) + step + tabs.length) % tabs.length];
    if (step === 0 || !next) return;
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown}>
      {tabs.map((tab) => {
        const { name, Icon } = kTabs[tab];
        return (
          <button
            key={tab} id={`tab-${tab}`} role="tab" aria-selected={tab === shown} aria-controls="tab-panel"
            tabIndex={tab === shown ? 0 : -1} onClick={() => choose(tab)}
          >
            <Icon aria-hidden="true" />{name}
          </button>
        );
      })}
    </div>
  );
}

function Unknown() {
  return (
    <main class="empty-page">
      <h1>There is no such session</h1>
      <p class="muted">It may have been removed after its time, or belong to somebody else.</p>
      <a class="button primary" href="#/">Start a new one</a>
    </main>
  );
}
