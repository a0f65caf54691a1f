// The page's frame: who may come in, the list of sessions, and the session that is open.
import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { SessionView } from './session/session_view';
import { NewSessionView } from './sessions/new_session';
import { Sidebar, TopBar } from './sessions/sidebar';
import { SignIn } from './ui/sign_in';
import { route } from './ui/route';
import { announcement, apiKey, isWide, online, signIn, theme } from './ui/state';
import { Notices } from './ui/notices';

effect(() => {
  if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});

export function App() {
  return (
    <>
      {!online.value && <p class="offline" role="status">You are offline. The page goes on by itself when the network is back.</p>}
      {signIn.value !== 'no' ? <SignIn wasWrong={signIn.value === 'wrong'} /> : <Workplace key={apiKey.value ?? ''} />}
      <Notices />
      <p class="hidden" aria-live="polite">{announcement.value}</p>
    </>
  );
}

// Beside each other where there is room for both, else one after the other.
function Workplace() {
  const here = route.value;
  useEffect(() => {
    if (here.page === 'home') document.title = 'OttoBot';
  }, [here.page]);
  const main = here.page === 'session' ? <SessionView key={here.id} id={here.id} /> : <NewSessionView />;
  if (isWide.value) {
    return (
      <div class="workplace">
        <Sidebar />
        {main}
      </div>
    );
  }
  if (here.page === 'session') return <div class="workplace">{main}</div>;
  return (
    <div class="workplace home">
      <TopBar />
      <NewSessionView />
      <Sidebar />
    </div>
  );
}
