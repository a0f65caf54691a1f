import { Moon, Sun, SunMoon } from 'lucide-preact';
import { setTheme, theme, type Theme } from './state';

const kNext: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const kNames: Record<Theme, string> = { auto: 'as the system', light: 'light', dark: 'dark' };
const kIcons = { auto: SunMoon, light: Sun, dark: Moon };

export function ThemeSwitch() {
  const Icon = kIcons[theme.value];
  const label = `Colours: ${kNames[theme.value]}. Switch to ${kNames[kNext[theme.value]]}`;
  return (
    <button class="icon" aria-label={label} title={label} onClick={() => setTheme(kNext[theme.value])}>
      <Icon aria-hidden="true" />
    </button>
  );
}
