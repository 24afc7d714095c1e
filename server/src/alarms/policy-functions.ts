/**
 * SHA-256 of the body of each function that notices direct changes of policy, or refuses them, as the
 * migrations left it. A migration that replaces one changes its line here; the tests say so.
 */
export const POLICY_FUNCTIONS: Readonly<Record<string, string>> = {
  policy_note_change: '8060be8991f709145dc57634646a80f8ad4805de5db136c51ebb0486d1ffe5bc',
  policy_note_truncate: '9eebbacb2d8c887885b11cc96b2aa423e2022dbd14a4ddc661e194a7e4445d6c',
  policy_report: '08a4d2ee9e72a358917f540b54740ef87e74b3b06f3c8c00ad2e0135c5d26cc4',
  policy_values: 'b855473b1aa0e33bebeaf1b1d6b16f0a013966f185d2976c581103631193662c',
  refuse_wrong_voiding: 'bd70ada2cd44964bafc4087b7f90de2741a488b53acf375f137becb29cdec3ca',
  role_template_version_set_time:
    '358ae43b67c752a5bef520ecedfb0a5645167ebe8f36e03a134c74eee30ac62c',
  rolecall_refuse_change: 'd0f6435607f81f73671d254ca0dc4094eee81b14f788ae1f1e0c34260c0e2fb5',
  room_keep_brought: '43b7d50ec521e1ffaa0b71766915bd11e432d14f2fef0c4e23929dc08812798f',
  room_keep_voiding: 'c0f0c2bea2c7486dd3bae76933135ee394aa09440e7b1cf06823399856d0f60a',
  room_restore_brought: 'abadb7713c8cf90c4c02d0e9de6aea84066c225731707f377bce8e8f030de0cf',
  room_restore_voiding: 'd88ceae4f6b8a5ed3e1a192b560fb0df0d34cb713837b5fb7ff1039b9cef2815',
  seat_lifts_ceiling: 'e57374f4e2d2af706847b5dfaa1e2f82b89989acea3588d029670b882eeef009',
  seat_note_issued: '5716f8d5db8e02b62dc695c7dbee87fb81eed30bbb5bd0ed4712569ba003284b',
};
