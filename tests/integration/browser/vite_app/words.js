export const words = 'before';
