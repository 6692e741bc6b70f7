; Cloaks every photo of a folder with GIMP 3. Originals are never written to.
;
;   (lowkey-cloak-folder "/home/me/photos/*.jpg" "/home/me/cloaked" "balanced")
;
; The second folder must exist. A photo whose result is already there is left out, so that an
; interrupted run can go on. A photo that cannot be cloaked is named, and the rest goes on.

(define (lowkey-cloak-file file target preset)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE file)))
         (layers (car (gimp-image-get-selected-drawables image)))
         (done #f))
    (catch #f
      (plug-in-lowkey #:run-mode RUN-NONINTERACTIVE #:image image #:drawables layers #:preset preset)
      (gimp-file-save RUN-NONINTERACTIVE image target -1)
      (set! done #t))
    (gimp-image-delete image)
    done))

(define (lowkey-cloak-folder pattern folder preset)
  (if (not (file-exists? folder))
      (error "Create this folder first:" folder))
  (let ((files (car (file-glob #:pattern pattern))) (cloaked 0) (left 0))
    (while (not (null? files))
      (let* ((file (car files))
             (name (car (reverse (strbreakup file DIR-SEPARATOR))))
             (target (string-append folder DIR-SEPARATOR name))
             (done #f))
        (if (file-exists? target)
            (gimp-message (string-append "There already: " target))
            (begin
              (catch #f (set! done (lowkey-cloak-file file target preset)))
              (if done
                  (set! cloaked (+ cloaked 1))
                  (begin
                    (set! left (+ left 1))
                    (gimp-message (string-append "Not cloaked: " file)))))))
      (set! files (cdr files)))
    (gimp-message (string-append "Cloaked " (number->string cloaked) ", not cloaked "
                                 (number->string left)))))
