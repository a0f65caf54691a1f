// Carries the precompiled header of the components.
