/**
 * SHA-256 of the body of each function that writes the ledger or protects it, as the migrations left
 * it. A migration that replaces one changes its line here; the tests say so.
 */
export const LEDGER_FUNCTIONS: Readonly<Record<string, string>> = {
  ledger_actor_part: '46ba45dae4abb79f1198a422010e7d0e1b6f94f3d772acc02c9483e7b7d1f56b',
  ledger_add_keys: '47375993173613ea39964a2b55e4121492032cc3c905f6006dfcc48f6ed7ee1e',
  ledger_append: '76756ccc8e27ca30956e2cf83ba698d6579b2ac6bc22428e049050277cbd8ae0',
  ledger_archive_abandon: 'd1250e1456095723d6070895589e5748979868f0f7d0a2d9a7417dd3d0f8c7eb',
  ledger_archive_begin: '7a8b3d08820c1acb2991ef958a7d18d0f7240b79e346477866f92433928f655e',
  ledger_archive_finish: 'd14d78458ce425a43d48c62630415dfea72705974813106479bbe2e6c1e59f80',
  ledger_archive_is_due: '8823e6f4b8ddde5b81ce1b4eca34b16ddd343ed4260f1de8a040a55cf33c3549',
  ledger_archive_of: '3602e24f97ba99e80f0854eb939deda5046afc55dfd3b9a47f71525fb95c658d',
  ledger_archive_refuse_change: 'eba13d4d3565d6bbf3bb3245d1c82d156bf70d52d88962d7c501560317bdc59a',
  ledger_checkpoint_may_go: '307bafa5a57be06844524ce922d6502cfd9556f40a18ccc367b4fd51727a30b1',
  ledger_checkpoint_refuse_change:
    'a2711168dbaed1ea6927a17747afedbb12137f1cd7de4fd0b97c8a04e255fb72',
  ledger_claim_shard: '6a79727ad445db1268b9cc4fcf0290c18a13a5a8a98f4ceca4f7d46e44275be9',
  ledger_commitment: '6bbc7888e978281d7a5faf872b117ddfa04938cb43638318cbe53b5fd1ffeafb',
  ledger_cosignature_refuse_change:
    '50688c5a97d3a9d81a566f437cad149ad2da0f7b5c5dafaa01c1413ffd4cc381',
  ledger_due: '93333b7ab40cfea511fd1dde59c177848583c33dcc120836cf15f6d2f56231d2',
  ledger_due_by: 'e96cf3bf38f24ab471c419ccd98082b25df9eab792906d07bfdb144b85d8df25',
  ledger_ensure_partitions: 'fd00f6458d903be217ca931def6f89c3e288d041cc58e723b242db5f2ba3a576',
  ledger_entry_refuse_change: 'c49ed6bfac90b10758ee23e481ca1c775e104f682316c42e66e87c25b66b3e81',
  ledger_erase_person: '601e47c3d026dc15de0cf479a2ef2be4f8a8ae96eaf0a81e3a399b1747271347',
  ledger_erased: 'b9a6ebb7d52c82722a32fc9f480b84f6a3f1c12bd477f509a11ff50e74275c18',
  ledger_forget: '41a6a0ed286cfc90d26f2f325a4ed0916fa139ac5f8ece62738fd067ffb672cb',
  ledger_hold_of: '14bf179d6c1db8daf6d8e7351cb3efbb6cb37ae467d37f7f4af1486dcc6e2183',
  ledger_hold_refuse_change: '2ec6102acd3ddf37f7a8d55849b3e2049ec6bf91d807a5d54a5eb01473d17277',
  ledger_lower_counts: 'eee543f0a78a90be801a106892ea501d500baacb27a3e7ca4124735906dde12e',
  ledger_prune_checkpoints: '1fc2411a8b1cc433e02be5a5742fea04405f28c50bc41119a2f3e355913cbd77',
  ledger_prune_cosignatures: '75cbf88a4a3e064cf79ab9924b576ac903831d888ef884822c0bfd9a88b7f275',
  ledger_refuse_change: '4b4b3de02dc954a934936173bd35e0a51bb8f80f7c4fb7f40392653672c60f09',
  ledger_release_shards: '6c19000a360222b8058cb795aa06c4d38e48042df0504cddd40aa9f1a84eafd1',
  ledger_review_refuse_change: '65a72e11d7b38790b706b9af4c3f338db218f1610c2650168e551331b381b41f',
  ledger_rule_delay_others: 'b51af019f027524876a611103235a7e3e0af0d07ecc3a881d1609acae9ae1e9e',
  ledger_rule_set_times: 'bf9e32a7992b3232f079276110c5d74173cf1f5473e56d9d0d0e6601b963fed6',
  ledger_seal: '1192607da3c2e0b8fd457c9d73bc9ef49cf78c82b2fec1c145e7b2b1e4bb54f6',
  ledger_search_names: '04b025db826caaef6269743e6b0f7975749adae36a730383a01a5644a1f57257',
  ledger_subject_part: '4a97510245102c6ae1770b64f29863f894bf58df218c4b6d606ff7467913a746',
  ledger_text: 'febc665317ec00b13b087edc8750310790009127dce04369bee850c8a8432260',
};
