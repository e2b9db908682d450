//! Writes the seeds (`seeds/`) as libFuzzer reads them, into `corpus/`.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in fs::read_dir(here.join("seeds"))? {
        let target = target?;
        let corpus = here.join("corpus").join(target.file_name());
        fs::create_dir_all(&corpus)?;
        for seed in fs::read_dir(target.path())? {
            let seed = seed?;
            fs::write(
                corpus.join(seed.file_name()),
                wssure_proxy::fuzzing::unescaped(&seed.path()),
            )?;
        }
    }
    Ok(())
}
