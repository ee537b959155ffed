import js from '@eslint/js';

// The TypeScript compiler checks names: it has those of the browser.
export default [
  js.configs.recommended,
  {
    rules: {
      'no-undef': 'off',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'max-len': ['error', { code: 100, tabWidth: 2 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[property.name=/^(inner|outer)HTML$|^insertAdjacentHTML$/]",
          message: 'Only html.js puts html into the page.',
        },
      ],
    },
  },
  { files: ['**/html.js'], rules: { 'no-restricted-syntax': 'off' } },
];
