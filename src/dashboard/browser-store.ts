/** What this browser remembers of its user's choices. Without storage (private windows, policies) every page starts afresh. */
type Choice = 'language' | 'theme' | 'user' | 'refreshSeconds';

const nameOf = (choice: Choice): string => `lepton-ai.${choice}`;

export function stored(choice: Choice): string | null {
  try {
    return localStorage.getItem(nameOf(choice));
  } catch {
    return null;
  }
}

export function store(choice: Choice, value: string): void {
  try {
    localStorage.setItem(nameOf(choice), value);
  } catch {
    // Kept for this page only.
  }
}
